// Writes the documents with one mistake each, to show that the validators see it.
//
//   node wrong.mjs SCHEMAS FOLDER

import { copyFileSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";

const [schemas, folder] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
for (const file of readdirSync(schemas)) {
  if (file.endsWith(".schema.json")) {
    copyFileSync(path.join(schemas, file), path.join(folder, file));
  }
}

const MISTAKES = {
  asyncapi: {
    example: (it) => {
      it.components.messages["event.hired"].examples[0].payload.data.effective_at = 7;
    },
    header: (it) => {
      it.components.messages.deadLetter.examples[0].headers.attempt = "first";
    },
    reference: (it) => {
      it.components.messages["event.hired"].payload.$ref = "./hr.employee.hird.v1.schema.json";
    },
    action: (it) => {
      it.operations.rosterWritesPeople.action = "write";
    },
  },
  openapi: {
    example: (it) => {
      const answer = it.paths["/events"].post.responses[503].content["application/problem+json"];
      answer.examples.log_full.value.code = "too_large";
    },
    reference: (it) => {
      it.paths["/events"].post.parameters[0].$ref = "#/components/parameters/nothing";
    },
    file: (it) => {
      const body = it.paths["/events"].post.requestBody.content["application/cloudevents+json"];
      body.schema.oneOf[0].$ref = "./hr.employee.hird.v1.schema.json";
    },
    security: (it) => {
      it.paths["/events"].post.security = [{ nobody: [] }];
    },
  },
};

for (const [name, mistakes] of Object.entries(MISTAKES)) {
  const text = readFileSync(path.join(schemas, `${name}.json`), "utf8");
  for (const [mistake, make] of Object.entries(mistakes)) {
    const document = JSON.parse(text);
    make(document);
    if (JSON.stringify(document) === JSON.stringify(JSON.parse(text))) {
      throw new Error(`${name}, ${mistake}: nothing was changed`);
    }
    writeFileSync(path.join(folder, `${name}-${mistake}.json`), JSON.stringify(document));
  }
}

const hired = JSON.parse(readFileSync(path.join(schemas, "examples/hired.json"), "utf8"));
hired.data.effective_at = "01.03.2026";
writeFileSync(path.join(folder, "event-hired.json"), JSON.stringify(hired));
