import { readFileSync } from "node:fs";
import { Ajv, type ValidateFunction } from "ajv";
import formats from "ajv-formats";
import { packagePath } from "../../src/base/package-root.ts";

/** What W3C's JSON Schema for Thing Descriptions 1.1 has against a description; empty when it is valid. */
export function tdFaults(description: unknown): string[] {
  return faultsWith(tdSchema, description);
}

/** The same of a Thing Model. */
export function tmFaults(model: unknown): string[] {
  return faultsWith(tmSchema, model);
}

// An Ajv each: both schemas would like to be known by addresses on GitHub.
const tdSchema = compiled("td-json-schema-1.1.json");
const tmSchema = compiled("tm-json-schema-1.1.json");

function compiled(file: string): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: true });
  formats.default(ajv);
  return ajv.compile(JSON.parse(readFileSync(packagePath("third_party/w3c", file), "utf8")));
}

function faultsWith(validate: ValidateFunction, value: unknown): string[] {
  return validate(value)
    ? []
    : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}
