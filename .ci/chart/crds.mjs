// Validates custom resources among rendered manifests by the rules of their own definitions.
//
//   node crds.mjs NODE_MODULES FILE...
//
// Exits 1 with every violation, and for a kind of which no definition is known.
import { readFileSync, existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, ...files] = process.argv.slice(2);
const require = createRequire(join(modules, "x.js"));
const { parseAllDocuments } = require("yaml");

const packages = {
  "keda.sh": "keda",
  "monitoring.coreos.com": "prometheus-operator",
  "gateway.networking.k8s.io": "gateway-api",
  "external-secrets.io": "external-secrets",
  "kafka.strimzi.io": "strimzi-kafka-operator",
};

let failed = 0;
const counted = {};
for (const file of files) {
  for (const document of parseAllDocuments(readFileSync(file, "utf8"))) {
    const object = document.toJS();
    const [group, version] = (object?.apiVersion ?? "").split("/");
    if (!packages[group]) continue;
    const place = `${file}: ${object.kind} ${object.metadata.name}`;
    const path = join(modules, "@kubernetes-models", packages[group], group, version, `${object.kind}.js`);
    if (!existsSync(path)) {
      console.error(`${place}: ${object.apiVersion} has no such kind`);
      failed += 1;
      continue;
    }
    const model = require(path)[object.kind];
    try {
      new model(object).validate();
    } catch (error) {
      console.error(`${place}: ${error.message}`);
      failed += 1;
    }
    counted[object.kind] = (counted[object.kind] ?? 0) + 1;
  }
}
const kinds = Object.keys(packages).length && Object.entries(counted).sort();
console.log(kinds.map(([kind, count]) => `${count} ${kind}`).join(", ") || "no custom resources");
process.exit(failed ? 1 : 0);
