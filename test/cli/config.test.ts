import assert from "node:assert/strict";
import { test } from "node:test";
import { configFrom, loadConfig } from "../../src/cli/config.ts";
import { folderWith } from "./run-cli.ts";

async function problemsOf(text: string, name = "lab.yaml"): Promise<string[]> {
  const folder = await folderWith({ [name]: text });
  const error = await loadConfig(`${folder}/${name}`).then(
    () => new Error(""),
    (problem: Error) => problem,
  );
  return error.message.replaceAll(`${folder}/`, "").split("\n").filter(Boolean);
}

test("JSON and YAML of one content give one configuration", async () => {
  const yaml = `
things:
  lamp: ./lamp.ts:Lamp
  panel: {cls: "pkg:Panel", kwargs: {rows: 3}, thing_slots: {lamp: lamp, others: null}, embed: true}
settings_folder: ./kept
api_prefix: /api/v3
`;
  const json = JSON.stringify({
    things: {
      lamp: "./lamp.ts:Lamp",
      panel: {
        class: "pkg:Panel",
        kwargs: { rows: 3 },
        thing_slots: { lamp: "lamp", others: null },
        embed: true,
      },
    },
    settings_folder: "./kept",
    api_prefix: "/api/v3",
  });
  const folder = await folderWith({ "lab.yaml": yaml, "lab.json": json });
  const { where: _, ...fromYaml } = await loadConfig(`${folder}/lab.yaml`);
  const { where: __, ...fromJson } = await loadConfig(`${folder}/lab.json`);
  assert.deepEqual(fromYaml, fromJson);
  assert.equal(fromYaml.settingsFolder, `${folder}/kept`);
  assert.deepEqual(fromYaml.things.get("lamp"), { class: "./lamp.ts:Lamp" });
});

test("an unknown key is named with its line and the key that was meant", async () => {
  assert.deepEqual(await problemsOf("things:\n  a: x:Y\nsetings_folder: here\n"), [
    "lab.yaml:3: There is no key 'setings_folder'. Did you mean 'settings_folder'?",
  ]);
  assert.deepEqual(
    await problemsOf('{\n"things": {\n"a": {\n"class": "x:Y", "zzz": 1}}}', "l.json"),
    [
      "l.json:4: There is no key 'things.a.zzz'. Known here: class, args, kwargs, thing_slots, title, description, embed.",
    ],
  );
});

test("each wrong type is one sentence with its line, in the order of the file", async () => {
  const text = `things:
  a: 5
  b: {class: nocolon}
  c: {class: "x:Y", args: 3, kwargs: [1]}
  d: {class: "x:Y", thing_slots: {stage: 7}}
  e: {kwargs: {}}
api_prefix: api/
enable_global_lock: yes
allowed_origins: [1]
`;
  assert.deepEqual(await problemsOf(text), [
    "lab.yaml:2: 'things.a' must be text 'module:Class', or an object with a 'class', but is 5.",
    `lab.yaml:3: 'things.b.class' must be text 'module:Class', such as './lamp.ts:Lamp', but is "nocolon".`,
    "lab.yaml:4: 'things.c.args' must be a list of arguments for the constructor, but is 3.",
    "lab.yaml:4: 'things.c.kwargs' must be the options for the constructor, by name, but is [1].",
    "lab.yaml:5: 'things.d.thing_slots.stage' must be the name of a Thing, a list of names, or null for none, but is 7.",
    "lab.yaml:6: 'things.e.class' is missing: it must be text 'module:Class', such as './lamp.ts:Lamp'.",
    `lab.yaml:7: 'api_prefix' must be empty or like '/api/v3', but is "api/".`,
    `lab.yaml:8: 'enable_global_lock' must be true or false, but is "yes".`,
    "lab.yaml:9: 'allowed_origins.0' must be text like 'https://lab.example', but is 1.",
  ]);
});

test("a configuration without Things says that they are missing", async () => {
  const missing =
    "lab.yaml:1: 'things' is missing: it must be an object of at least one Thing by name.";
  assert.deepEqual(await problemsOf("settings_folder: here\n"), [missing]);
  assert.match((await problemsOf("things: {}\n"))[0] ?? "", /:1: 'things' must be an object of at/);
  assert.match((await problemsOf("[]\n"))[0] ?? "", /The configuration must be an object with 'th/);
  assert.match(
    (await problemsOf(""))[0] ?? "",
    /The configuration must be an object with 'things'/,
  );
});

test("text that is neither JSON nor YAML is refused at its line", async () => {
  assert.match(
    (await problemsOf('{"things": {\n"a": "x:Y"\n', "l.json"))[0] ?? "",
    /^l\.json:\d: /,
  );
  assert.match((await problemsOf("things:\n  a: [\n"))[0] ?? "", /^lab\.yaml:\d: This is neither /);
});

test("text that the parser refuses is told with its line and what to do, not in the parser's words alone", async () => {
  const camera = "things:\n  a: thingscope/things:TestCamera";
  const sentences: Readonly<Record<string, RegExp>> = {
    "things:\n  a: x:Y\n  b: x:Y\n  a: x:Z\n":
      /^lab\.yaml:4: The key 'a' is already in line 2\. Rename one of the two, or remove it\.$/,
    '{"things": {"a": "x:Y",\n"a": "x:Z"}}': /^lab\.yaml:2: The key 'a' is already in line 1\. /,
    [`// c\n${camera}`]: /^lab\.yaml:1: .* Begin a comment with '#'\.$/,
    [`${camera}\n// c\n`]: /^lab\.yaml:3: .* Begin a comment with '#'\.$/,
    [`/* c */\n${camera}`]: /^lab\.yaml:1: .* Begin a comment with '#'\.$/,
    [`${camera} // mine\n`]: /^lab\.yaml:2: .*Camera \/\/ mine"\. Begin a comment with '#'\.$/,
    '{"things": {"a": "x:Y"}, // c\n"mdns": true}':
      /^lab\.yaml:1: There is no key '\/\/ c .*'\. Begin a comment with '#'\.$/,
    "{\u201cthings\u201d: {}}":
      /There is no key '\u201cthings\u201d'\. Use straight quotes \("\)\.$/,
    "things:\n\ta: x:Y\n": /^lab\.yaml:2: .* Indent with spaces\.$/,
    "things:\n  a:\n    class: x:Y\n   kwargs: {}\n":
      /^lab\.yaml:4: .* by the same number of spaces\.$/,
    "things:\n  a: {class: x:Y, kwargs: {password: @b}}\n": /^lab\.yaml:2: .* in quotes\.$/,
    "things:\n  a: {class: x:Y, kwargs: {password: *b}}\n":
      /^lab\.yaml:2: '\*b' stands for '&b', .* in quotes\.$/,
    "things:\n  a: x:Y\n---\nthings: {}\n": /^lab\.yaml:3: .* Remove the line '---'/,
  };
  for (const [text, sentence] of Object.entries(sentences))
    assert.match((await problemsOf(text)).at(-1) ?? "", sentence);
});

test("JSON that is indented with tabs is read", async () => {
  assert.deepEqual(await problemsOf('{\n\t"things": {\n\t\t"a": "x:Y"\n\t}\n}', "l.json"), []);
});

test("a file that cannot be read is named with the reason", async () => {
  await assert.rejects(loadConfig("/nowhere/lab.yaml"), {
    code: "BAD_CONFIG",
    message: "There is no configuration file '/nowhere/lab.yaml'. Give another path.",
  });
  await assert.rejects(loadConfig("/"), { code: "BAD_CONFIG", message: /is a folder/ });
});

test("a plain value is a configuration, too", () => {
  const config = configFrom({ things: { a: "x:Y" } }, "/lab");
  assert.equal(config.settingsFolder, "/lab/settings");
  assert.throws(() => configFrom({ things: { a: "xY" } }, "/lab"), { code: "BAD_CONFIG" });
});
