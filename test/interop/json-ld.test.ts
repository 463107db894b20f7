import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { type Description, descriptionsOfAll } from "./descriptions.ts";
import { offlineContexts, TD_CONTEXT } from "./offline-contexts.ts";
import { program } from "./programs.ts";

interface JsonLd {
  expand(
    document: Description,
    options: { documentLoader: typeof offlineContexts; safe: boolean },
  ): Promise<unknown>;
}

/** Terms that the context does not define, with why they are used all the same. */
const BESIDE_THE_CONTEXT = new Map([
  ["http://www.w3.org/2011/http#methodName", "TD 1.1, section 8.3.1"],
  ["http://www.w3.org/2011/http#statusCodeValue", "TD 1.1, section 8.3.1"],
  ["https://www.w3.org/2019/wot/json-schema#additionalProperties", "JSON Schema's own"],
  ["https://www.w3.org/2019/wot/td#type", "W3C's context gives uriVariables no DataSchema scope"],
  ["https://www.w3.org/2019/wot/td#required", "nor schemaDefinitions"],
  ["https://www.w3.org/2019/wot/td#pattern", "in uriVariables, as td#type"],
  ["urn:thingscope:role", "of this package, for its mirrors (src/server/td/affordances.ts)"],
]);

test("every Thing Description expands as JSON-LD without losing a term", {
  timeout: TEST_MS,
}, async (t) => {
  const { expand } = program<JsonLd>("jsonld");
  const defined = definedTerms();
  for (const description of await descriptionsOfAll(t)) {
    await t.test(description.title, async () => {
      // `safe` makes it an error to drop anything.
      const expanded = await expand(description, { documentLoader: offlineContexts, safe: true });
      const unknown = [...termsIn(expanded)].filter(
        (term) => !defined.has(term) && !BESIDE_THE_CONTEXT.has(term),
      );
      assert.deepEqual(unknown, []);
    });
  }
});

/** Every term that the TD context defines, as IRI. What is none of these was caught by its `@vocab`. */
function definedTerms(): Set<string> {
  const ids: string[] = [];
  const prefixes = new Map<string, string>();
  visit(TD_CONTEXT, (key, value) => {
    if (typeof value !== "string") return;
    if (/[#/]$/.test(value)) prefixes.set(key, value);
    if (key === "@id" || !key.startsWith("@")) ids.push(value);
  });
  const full = (id: string) =>
    id.replace(/^(\w+):/, (written, prefix: string) => prefixes.get(prefix) ?? written);
  return new Set(ids.map(full));
}

function termsIn(expanded: unknown): Set<string> {
  const terms = new Set<string>();
  visit(expanded, (key) => {
    if (!key.startsWith("@")) terms.add(key);
  });
  return terms;
}

function visit(value: unknown, see: (key: string, value: unknown) => void): void {
  if (Array.isArray(value)) {
    for (const inner of value) visit(inner, see);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, inner] of Object.entries(value)) {
      see(key, inner);
      visit(inner, see);
    }
  }
}
