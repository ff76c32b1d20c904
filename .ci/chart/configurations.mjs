// Writes the configuration of every pod of a render to a folder, with made-up secrets in files.
//
//   node configurations.mjs NODE_MODULES RENDER FOLDER
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";

const [modules, render, folder] = process.argv.slice(2);
const { parseAllDocuments } = createRequire(join(modules, "x.js"))("yaml");
const AT = "/etc/hris-relay/secrets";
const SECRET = "whsec_" + Buffer.from("a secret that is made up for this check").toString("base64");

const objects = parseAllDocuments(readFileSync(render, "utf8")).map((it) => it.toJS()).filter(Boolean);
for (const object of objects) {
  const toml = object.kind === "ConfigMap" && object.data["relay.toml"];
  if (!toml) continue;
  const pod = objects.find(
    (it) => it.spec?.template?.spec.volumes.some((volume) => volume.configMap?.name === object.metadata.name),
  );
  const secrets = resolve(folder, object.metadata.name);
  const volume = pod.spec.template.spec.volumes.find((it) => it.name === "secrets");
  for (const { secret } of volume?.projected.sources ?? []) {
    for (const { path } of secret.items) {
      mkdirSync(dirname(join(secrets, path)), { recursive: true });
      writeFileSync(join(secrets, path), path.endsWith(".properties") ? "sasl.username=relay\nsasl.password=x\n" : SECRET);
    }
  }
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, `${object.metadata.name}.toml`), toml.replaceAll(AT, secrets));
}
