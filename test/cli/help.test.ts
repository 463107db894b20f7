import assert from "node:assert/strict";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { folderWith, runCliLines } from "./run-cli.ts";

const timeout = TEST_MS;

/** The names of the commands that a help lists. */
function commandsIn(help: string): string[] {
  const [list = ""] = help.slice(help.indexOf("Commands:")).split("\n\n");
  const names = [...list.matchAll(/^ {2}([a-z]+)/gm)].map(([, name = ""]) => name);
  return help.includes("Commands:") ? names.filter((name) => name !== "help") : [];
}

test("the help of each command has an example of it", { timeout }, async () => {
  const folder = await folderWith({});
  const helpOf = async (commands: readonly (readonly string[])[]) =>
    (
      await runCliLines(
        folder,
        commands.map((words) => [...words, "--help"]),
      )
    ).map(({ stdout }) => stdout);
  const [whole = ""] = await helpOf([[]]);
  const names = commandsIn(whole).map((name) => [name]);
  assert.ok(names.length > 12, `${names}`);
  const helps = await helpOf(names);
  const inner = helps.flatMap((help, n) => commandsIn(help).map((name) => [...names[n]!, name]));
  const all = [...names, ...inner];
  const texts = [...helps, ...(await helpOf(inner))];
  assert.match(whole, /\nExample:\n {2}thingscope /);
  for (const [n, words] of all.entries()) {
    const group = commandsIn(texts[n]!).length > 0;
    const example = new RegExp(
      `\\nExamples?:\\n {2}thingscope ${group ? words[0] : words.join(" ")}`,
    );
    assert.match(texts[n]!, example, words.join(" "));
  }
});

test("a command that is misspelt is not taken for a configuration", { timeout }, async () => {
  const folder = await folderWith({ record: "things: {}\n" });
  const [serv, file] = await runCliLines(folder, [["snapshto", "http://x/"], ["nothing.yaml"]]);
  assert.match(
    serv!.stderr,
    /^There is no command 'snapshto'\. Did you mean 'thingscope snapshot'\?/,
  );
  assert.equal(serv!.code, 2);
  assert.match(file!.stderr, /There is no configuration file 'nothing\.yaml'/);
});
