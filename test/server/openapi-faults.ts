import { Ajv2020 } from "ajv/dist/2020.js";
import formats from "ajv-formats";

type Json = Record<string, unknown>;

const METHODS = ["get", "put", "post", "delete", "options", "head", "patch", "trace"];

/**
 * What the rules of OpenAPI 3.1.1 have against a document; empty when it keeps them. Of the rules those are checked
 * that concern what such a document of ours has in it.
 */
export function openApiFaults(document: Json): string[] {
  const faults: string[] = [];
  const check = (isRight: boolean, fault: string) => {
    if (!isRight) faults.push(fault);
  };
  check(/^3\.1\.\d+$/.test(String(document.openapi)), "openapi is no version of 3.1");
  for (const name of ["title", "version"])
    check(typeof objectAt(document, "info")[name] === "string", `info.${name} is no text`);
  checkReferences(document, check);
  checkSchemas(document, check);

  const tags = new Set(listAt(document, "tags").map(({ name }) => name));
  const shapes = new Set<string>();
  const operationIds = new Set<unknown>();
  for (const [path, item] of Object.entries(objectAt(document, "paths"))) {
    check(/^\/[^?#]*$/.test(path), `${path} is no path`);
    const shape = path.replace(/\{[^}]*\}/g, "{}");
    check(!shapes.has(shape), `${path} is the same as another path`);
    shapes.add(shape);
    for (const [method, value] of Object.entries(asObject(item))) {
      const operation = asObject(value);
      const where = `${method} ${path}`;
      check(METHODS.includes(method), `${where}: no such method`);
      check(!operationIds.has(operation.operationId), `${where}: operationId is taken`);
      operationIds.add(operation.operationId);
      check(typeof operation.summary === "string", `${where}: no summary`);
      check(
        /^[A-Za-z]\w*$/.test(String(operation.operationId)),
        `${where}: operationId is no name`,
      );
      check(
        (operation.tags as unknown[]).every((tag) => tags.has(tag)),
        `${where}: a tag is not declared`,
      );
      checkParameters(path, listAt(operation, "parameters"), (right, fault) =>
        check(right, `${where}: ${fault}`),
      );
      checkResponses(objectAt(operation, "responses"), (right, fault) =>
        check(right, `${where}: ${fault}`),
      );
      const body = operation.requestBody && objectAt(objectAt(operation, "requestBody"), "content");
      check(!body || Object.keys(body).length > 0, `${where}: a body of no type`);
      check(!body || method !== "get", `${where}: GET has no body`);
    }
  }
  return faults;
}

type Check = (isRight: boolean, fault: string) => void;

function checkParameters(path: string, parameters: Json[], check: Check): void {
  const inPath = [...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name);
  const declared = parameters.filter((one) => one.in === "path");
  check(
    declared.map(({ name }) => name).join() === inPath.join(),
    "the parameters of the path are not those declared",
  );
  check(
    declared.every(({ required }) => required === true),
    "a path parameter is not required",
  );
  const keys = parameters.map(({ name, in: place }) => `${place} ${name}`);
  check(new Set(keys).size === keys.length, "a parameter is declared twice");
  for (const parameter of parameters) {
    check(["path", "query", "header", "cookie"].includes(String(parameter.in)), "no such place");
    check(typeof parameter.schema === "object", `${parameter.name} has no schema`);
  }
}

function checkResponses(responses: Json, check: Check): void {
  check(Object.keys(responses).length > 0, "there is no response");
  for (const [status, value] of Object.entries(responses)) {
    const response = asObject(value);
    check(/^([1-5]\d\d|[1-5]XX|default)$/.test(status), `${status} is no status`);
    check(
      "$ref" in response || typeof response.description === "string",
      `${status}: no description`,
    );
    for (const type of Object.keys(objectAt(response, "content")))
      check(/^[\w*.+-]+\/[\w*.+-]+(; ?\w+=[\w.-]+)*$/.test(type), `${type} is no media type`);
    check(status !== "204" || response.content === undefined, "204 has no content");
  }
}

/** Every `$ref` leads to something in the document. */
function checkReferences(document: Json, check: Check): void {
  const visit = (value: unknown) => {
    if (typeof value !== "object" || value === null) return;
    if ("$ref" in value) {
      const steps = String(value.$ref).split("/").slice(1);
      const found = steps.reduce((at: unknown, step) => asObject(at)[step], document);
      check(String(value.$ref).startsWith("#/") && found !== undefined, `${value.$ref} is nowhere`);
    }
    for (const inner of Object.values(value)) visit(inner);
  };
  visit(document);
}

/** Every schema is one of JSON Schema 2020-12, which OpenAPI 3.1 takes. */
function checkSchemas(document: Json, check: Check): void {
  const compile = schemaCompiler(document);
  const visit = (value: unknown, where: string) => {
    if (typeof value !== "object" || value === null) return;
    for (const [key, inner] of Object.entries(value)) {
      if (key !== "schema" && !where.endsWith("/components/schemas")) {
        visit(inner, `${where}/${key}`);
        continue;
      }
      try {
        compile(inner);
      } catch (error) {
        check(false, `${where}/${key}: ${error}`);
      }
    }
  };
  visit(document, "");
}

/** Makes validators of the schemas in a document. @throws {Error} for a schema that is none. */
export function schemaCompiler(document: Json): (schema: unknown) => (value: unknown) => string[] {
  const ajv = new Ajv2020({
    strict: true,
    strictTypes: false,
    strictRequired: false,
    allErrors: true,
  });
  ajv.addVocabulary(["unit", "components"]);
  formats.default(ajv);
  const { components } = document;
  return (schema) => {
    const validate = ajv.compile({ ...asObject(schema), components });
    return (value) =>
      validate(value)
        ? []
        : (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
  };
}

function asObject(value: unknown): Json {
  return typeof value === "object" && value !== null
    ? Object.fromEntries(Object.entries(value))
    : {};
}

function objectAt(value: Json, key: string): Json {
  return asObject(value[key]);
}

function listAt(value: Json, key: string): Json[] {
  const list = value[key];
  return Array.isArray(list) ? list.map(asObject) : [];
}
