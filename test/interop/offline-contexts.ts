import { readFileSync } from "node:fs";
import { packagePath } from "../../src/base/package-root.ts";

const PATH = packagePath("third_party", "w3c", "td-context-1.1.jsonld");

/** The context of Thing Descriptions 1.1. */
export const TD_CONTEXT: object = JSON.parse(readFileSync(PATH, "utf8"));

/** Context by URL, from this repository. That of TD 1.0 is empty: 1.1 comes after it and defines every term anew. */
const CONTEXTS = new Map([
  ["https://www.w3.org/2022/wot/td/v1.1", TD_CONTEXT],
  ["https://www.w3.org/2019/wot/td/v1", { "@context": {} }],
]);

/** For jsonld: loads contexts without a network. */
export async function offlineContexts(url: string) {
  const document = CONTEXTS.get(url);
  if (!document) throw new Error(`There is no copy of ${url}.`);
  return { contextUrl: null, documentUrl: url, document };
}
