// Validates AsyncAPI documents with the reference parser: the specification, every reference
// and every schema; and every example with a validator, since the parser looks at none. It
// reads files alone, never the network.
//
//   node asyncapi.mjs NODE_MODULES DOCUMENT...
//   node asyncapi.mjs NODE_MODULES --mistakes DOCUMENT...    fails unless each of them is wrong

import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";

const [modules, ...more] = process.argv.slice(2);
const isForMistakes = more[0] === "--mistakes";
const files = isForMistakes ? more.slice(1) : more;
const require = createRequire(path.resolve(modules, "x.js"));
const { Parser } = require("@asyncapi/parser");
const { default: Ajv } = require("ajv/dist/2020");
const { default: formats } = require("ajv-formats");

const beside = {
  schema: "file",
  order: 1,
  canRead: true,
  read: (uri) => readFileSync(uri.path(), "utf8"),
};
const offline = {
  schema: "https",
  order: 1,
  canRead: true,
  read: (uri) => {
    throw new Error(`${uri} is not in the repository`);
  },
};

// What a schema finds wrong with a value; the parser's own notes are no keywords.
function complaints(schema, value) {
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats(ajv);
  return ajv.validate(schema, value) ? [] : ajv.errors.map((it) => `${it.instancePath} ${it.message}`);
}

function wrongExamples(document) {
  const wrong = [];
  for (const message of document.allMessages().all()) {
    for (const example of message.examples().all()) {
      const { name, headers, payload } = example.json();
      const found = [
        ...complaints(message.headers().json(), headers),
        ...complaints(message.payload().json(), payload),
      ];
      wrong.push(...found.map((it) => `${message.id()}, example ${name}: ${it}`));
    }
  }
  return wrong;
}

// What is wrong with a document, and a line about it if nothing is.
async function judged(file) {
  const resolvers = [beside, offline, { ...offline, schema: "http" }];
  const parser = new Parser({ __unstable: { resolver: { cache: false, resolvers } } });
  const text = readFileSync(file, "utf8");
  const { document, diagnostics } = await parser.parse(text, { source: path.resolve(file) });
  // A remark is a mistake, too.
  const wrong = diagnostics.map(({ path: at, message }) => `${at.join(".")}: ${message}`);
  if (!document || wrong.length > 0) {
    return { wrong: wrong.length > 0 ? wrong : ["no document"] };
  }
  const count = (all) => all.all().length;
  const told = [
    `AsyncAPI ${document.version()}`,
    `${count(document.allChannels())} channels`,
    `${count(document.allOperations())} operations`,
    `${count(document.allMessages())} messages`,
  ];
  return { wrong: wrongExamples(document), told: told.join(", ") };
}

let failed = false;
for (const file of files) {
  const { wrong, told } = await judged(file);
  const isFine = wrong.length === 0;
  failed ||= isFine === isForMistakes;
  console.log(`${path.basename(file)}: ${isFine ? told : wrong.join("\n  ")}`);
}
process.exit(failed ? 1 : 0);
