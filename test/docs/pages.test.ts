import assert from "node:assert/strict";
import { test } from "node:test";
import { ERROR_STATUS } from "../../src/base/errors.ts";
import { configFrom } from "../../src/cli/config.ts";
import { ConfigFile } from "../../src/cli/config-schema.ts";
import { parseConfigText } from "../../src/cli/config-text.ts";
import { blocksOf, pageText } from "./page.ts";
import { partsInNoSource } from "./sentences.ts";

test("docs/errors.md explains each code, with its status, in the order of the table", () => {
  const rows = [...pageText("errors.md").matchAll(/^\| `([A-Z_]+)` \| (\d+) \| (.+) \|$/gm)];
  assert.deepEqual(
    rows.map(([, code, status]) => [code, Number(status)]),
    Object.entries(ERROR_STATUS),
  );
});

test("docs/configuration.md has each key of a configuration, and its example is one", () => {
  const page = pageText("configuration.md");
  const entry = Object.values(ConfigFile.properties.things.patternProperties)[0]!;
  const keys = [...Object.keys(ConfigFile.properties), ...Object.keys(entry.properties)];
  for (const key of keys) assert.match(page, new RegExp(`^\\| \`${key}\``, "m"));
  const example = blocksOf(page).find(({ language }) => language === "yaml")?.text ?? "";
  const { things } = configFrom(parseConfigText(example, "lab.yaml").value, "/lab");
  assert.deepEqual([...things.keys()], ["camera", "stage", "lamp", "autofocus"]);
});

test("each sentence that docs/troubleshooting.md quotes is one that the program says", () => {
  const rows = pageText("troubleshooting.md").match(/^\| .*\|$/gm) ?? [];
  const quotes = rows.flatMap((row) => row.split(" | ")[1]?.match(/(?<=")[^"]+(?=")/g) ?? []);
  assert.ok(quotes.length > 30, `${quotes.length} sentences`);
  for (const quote of quotes) assert.deepEqual(partsInNoSource(quote), [], quote);
});
