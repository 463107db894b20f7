import { readFileSync } from "node:fs";
import { Ajv } from "ajv";
import formats from "ajv-formats";
import { packagePath } from "../../src/base/package-root.ts";

const schema = JSON.parse(
  readFileSync(packagePath("third_party/w3c/td-json-schema-1.1.json"), "utf8"),
);
const ajv = new Ajv({ strict: false, allErrors: true });
formats.default(ajv);
const validate = ajv.compile(schema);

/** What W3C's JSON Schema for Thing Descriptions 1.1 has against a description; empty when it is valid. */
export function tdFaults(description: unknown): string[] {
  return validate(description)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
