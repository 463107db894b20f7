import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { open } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { EXAMPLES } from "../../src/cli/examples.ts";
import { TEST_MS } from "../limits.ts";
import { folderWith, install, MAIN, runCliLines, serveCli } from "./run-cli.ts";

const timeout = TEST_MS;
const { THINGSCOPE_LONG: isLong } = process.env;

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
  const [help, unlike] = await runCliLines(folder, [
    ["help", "recrd"],
    ["help", "nothing"],
  ]);
  assert.match(help!.stderr, /^There is no command 'recrd'\. Did you mean 'thingscope record'\?/);
  assert.match(unlike!.stderr, /^There is no command 'nothing'\. thingscope --help lists them all/);
});

test("the examples of the help work, one after the other", { timeout }, async (t) => {
  const folder = await folderWith({});
  const { url } = await serveCli(t, folder, "--simulated");
  const order = `init check get set watch td types record verify repair create revoke users sessions ${isLong ? "run export" : ""}`;
  const shortened: Readonly<Record<string, readonly string[]>> = {
    init: ["init", "."], // without what npm does
    watch: [...EXAMPLES.watch!.split(" ").slice(1), "--count", "1"],
    users: ["users", "list"], // a password is asked for
  };
  const words = (name: string) => EXAMPLES[name]!.split(" ").slice(1);
  const lines = order
    .trim()
    .split(" ")
    .map((name) => shortened[name] ?? words(name))
    .map((line) => line.map((word) => word.replace("http://127.0.0.1:5000", url)))
    .map((line) => line.map((word) => (word === "60" ? "0.5" : word)));
  await install(folder);
  const ended = await runCliLines(folder, lines);
  for (const [n, { code, stderr }] of ended.entries())
    assert.equal(code, 0, `${lines[n]?.join(" ")}: ${stderr}`);
});

test("what is empty, an address in place of a file, and a file in place of an address are refused", {
  timeout,
}, async () => {
  const folder = await folderWith({});
  const refused: readonly (readonly [RegExp, ...string[]])[] = [
    [
      /'--host <address>' argument '' is invalid\. It is empty.*\nTry: thingscope serve --help/,
      "serve",
      "--host",
      "",
    ],
    [/'--settings <folder>'.* It is empty/, "serve", "--settings", ""],
    [/It is empty/, "init", ""],
    [/It is empty/, "verify", "a.mkv", ""],
    [/missing required argument 'files'\nTry: thingscope verify --help/, "verify"],
    [/unknown command 'crate'\n.*create.*\nTry: thingscope tokens --help/, "tokens", "crate"],
    [/Write parameters as --NAME=VALUE\. Try: thingscope launch --help/, "launch", "--chek", "a"],
    [
      /'\/dev\/video0' is the address of a camera.* thingscope launch \/dev\/video0/,
      "serve",
      "/dev/video0",
    ],
    [
      /'rtsp:\/\/h\/x' is a camera, not a server\. .*thingscope launch rtsp:/,
      "record",
      "rtsp://h/x",
    ],
    [/'\/dev\/video7' is a camera, not a server/, "get", "/dev/video7"],
    [/'\.\/x\.mkv' is a path, not the address/, "record", "./x.mkv"],
    [/^a\.mkv cannot be read: there is no such file or folder \(ENOENT\)\.$/m, "verify", "a.mkv"],
    [/^a\.mkv cannot be read: there is no such file or folder/, "export", "a.mkv"],
    [/^a\.mkv cannot be repaired: there is no such file or folder/, "repair", "a.mkv"],
    [/'a\.txt' cannot be read: there is no such file or folder/, "launch", "--file", "a.txt"],
  ];
  const ended = await runCliLines(
    folder,
    refused.map(([, ...line]) => line),
  );
  for (const [n, { code, stderr }] of ended.entries()) {
    assert.equal(code, 2, stderr);
    assert.match(stderr, refused[n]![0]);
  }
});

test("output that could not be written is told, and the exit code says so", {
  timeout,
}, async () => {
  const full = await open("/dev/full", "w");
  const child = spawn(process.execPath, [MAIN, "--version"], {
    stdio: ["ignore", full.fd, "pipe"],
  });
  const told = text(child.stderr!);
  assert.deepEqual(await once(child, "close"), [1, null]);
  assert.match(await told, /^The output could not be written: the disk is full \(ENOSPC\)\./);
  await full.close();
});
