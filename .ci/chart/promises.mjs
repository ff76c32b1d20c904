// What must hold of every rendered pod and selector, and of the values.
//
//   node promises.mjs NODE_MODULES CHART FILE...
//
// Exits 1 with every breach.
import { readFileSync, readdirSync, statSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const [modules, chart, ...files] = process.argv.slice(2);
const { parse, parseAllDocuments } = createRequire(join(modules, "x.js"))("yaml");

let breaches = 0;
const breach = (place, what) => {
  console.error(`${place}: ${what}`);
  breaches += 1;
};
const same = (a, b) => JSON.stringify(a) === JSON.stringify(b);
const NAMED = ["app.kubernetes.io/component", "app.kubernetes.io/instance", "app.kubernetes.io/name"];

const seconds = (text) =>
  [...text.matchAll(/([0-9]+) *([a-z]+)/g)].reduce(
    (sum, [, count, unit]) => sum + count * { ms: 0.001, s: 1, m: 60, h: 3600 }[unit],
    0,
  );

function pod(place, object, drains) {
  const { spec, metadata } = object.spec.template;
  const [container, ...others] = spec.containers;
  if (others.length) breach(place, "more than one container");
  const expected = { allowPrivilegeEscalation: false, readOnlyRootFilesystem: true, capabilities: { drop: ["ALL"] } };
  if (!same(container.securityContext, expected)) breach(place, "the container's security context");
  const { runAsNonRoot, runAsUser, seccompProfile } = spec.securityContext;
  if (runAsNonRoot !== true || runAsUser !== 65532) breach(place, "runs as root");
  if (seccompProfile?.type !== "RuntimeDefault") breach(place, "no seccomp profile");
  if (spec.automountServiceAccountToken !== false) breach(place, "gets a token");
  if (spec.enableServiceLinks !== false) breach(place, "gets variables of Services");
  if (/:latest$|^[^:@]+$/.test(container.image)) breach(place, `image ${container.image}`);
  if (!container.resources?.limits?.memory) breach(place, "no memory limit");
  if (JSON.stringify(container.env ?? []).includes("secretKeyRef")) breach(place, "a secret in a variable");
  if (object.kind === "Job") return;
  if (!metadata.annotations["checksum/config"]) breach(place, "no checksum of its configuration");
  if (container.livenessProbe.httpGet.path === container.readinessProbe.httpGet.path) breach(place, "live is ready");
  if (spec.terminationGracePeriodSeconds <= drains) {
    breach(place, `a grace of ${spec.terminationGracePeriodSeconds} s, but it drains for ${drains} s`);
  }
}

for (const file of files) {
  const objects = parseAllDocuments(readFileSync(file, "utf8")).map((it) => it.toJS()).filter(Boolean);
  const labelled = objects.filter((it) => it.spec?.template).map((it) => it.spec.template.metadata.labels);
  for (const object of objects) {
    const place = `${file}: ${object.kind} ${object.metadata.name}`;
    if (object.kind === "Secret") breach(place, "the chart holds no secrets");
    const selector = object.spec?.selector?.matchLabels ?? (object.kind === "Service" && object.spec.selector);
    if (["Deployment", "StatefulSet", "Service", "PodDisruptionBudget"].includes(object.kind)) {
      if (!same(Object.keys(selector).sort(), NAMED)) breach(place, "selects by something else than name, instance, component");
      const meets = (labels) => Object.entries(selector).every(([key, value]) => labels[key] === value);
      if (labelled.filter(meets).length !== 1) breach(place, "does not select exactly one kind of pod");
    }
    if (["Deployment", "StatefulSet", "Job"].includes(object.kind)) {
      const volume = object.spec.template.spec.volumes.find((it) => it.name === "config");
      const config = objects.find((it) => it.kind === "ConfigMap" && it.metadata.name === volume?.configMap.name);
      if (volume && !config) breach(place, "its ConfigMap is not there");
      const drain = (section) =>
        seconds(config?.data["relay.toml"].match(new RegExp(`\\[${section}\\][^[]*\\ndrain = "([^"]+)"`))?.[1] ?? "0s");
      const receives = object.spec.template.spec.containers[0].ports?.some((it) => it.name === "webhooks");
      pod(place, object, drain("shard") + (receives ? drain("receiver") : 0));
    }
  }
}

const templates = readdirSync(join(chart, "templates"), { recursive: true })
  .map((name) => join(chart, "templates", name))
  .filter((path) => statSync(path).isFile())
  .map((path) => readFileSync(path, "utf8"))
  .join("\n");
// What is handed on whole: settings of the relay, and what Kubernetes itself defines.
const WHOLE = ["config", "resources", "labels", "adminFrom"];
const unread = (values, path) => {
  for (const [key, value] of Object.entries(values ?? {})) {
    if (!new RegExp(`\\b${key}\\b`).test(templates)) breach(`${chart}/values.yaml`, `no template reads ${[...path, key].join(".")}`);
    if (value && typeof value === "object" && !Array.isArray(value) && !WHOLE.includes(key)) unread(value, [...path, key]);
  }
};
unread(parse(readFileSync(join(chart, "values.yaml"), "utf8")), []);
console.log(`${files.length} renders`);
process.exit(breaches ? 1 : 0);
