import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import * as pystreaming from "thingscope/pystreaming";
import { CAMERA_OPTIONS } from "../../src/adapters/pystreaming/py-streaming-camera.ts";
import { SERVER_OPTIONS } from "../../src/adapters/pystreaming/py-streaming-server.ts";
import { packagePath } from "../../src/base/package-root.ts";
import { thingModelOf } from "../../src/core/thing-model.ts";
import { freeEndpoint } from "../adapters/pystreaming/peers.ts";
import { folderWith, runCli, serveCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { run } from "./coming-from.ts";
import { curl } from "./curl.ts";
import { blocksOf, pageText } from "./page.ts";

const timeout = TEST_MS;
const PAGE = pageText("pystreaming.md");
const blocks = blocksOf(PAGE);

/** The example with endpoints that nobody has. */
async function example(): Promise<string> {
  let text = await readFile(packagePath("examples", "pystreaming.yaml"), "utf8");
  for (const port of ["5555", "5556", "5557"]) {
    text = text.replaceAll(`tcp://127.0.0.1:${port}`, await freeEndpoint());
  }
  return text;
}

test("the commands of docs/pystreaming.md are answered by the example", { timeout }, async (t) => {
  const commands = blocks
    .filter(({ language }) => language === "sh")
    .flatMap(({ text }) => text.trim().split("\n"));
  assert.equal(commands.shift(), "npx thingscope serve examples/pystreaming.yaml");
  const folder = await folderWith({ "pystreaming.yaml": await example() });
  const { url } = await serveCli(t, folder, "pystreaming.yaml");
  const answers = [];
  for (const command of commands) {
    const answer = await curl(command.replace("http://127.0.0.1:5000", url));
    assert.ok(answer.ok, `${command}: ${answer.status}`);
    answers.push(await answer.json());
  }
  assert.deepEqual(answers, [0, [{ name: "none", sent: 0, overwritten: 0, waiting: 0 }], null]);
});

test("its TypeScript runs as it stands", { timeout }, async () => {
  const { text = "" } = blocks.find(({ language }) => language === "ts") ?? {};
  let script = text.replace(/^import .*\n/, "");
  for (const port of ["5565", "5566"]) {
    script = script.replace(`tcp://127.0.0.1:${port}`, await freeEndpoint());
  }
  const lines: unknown[][] = [];
  const console = { log: (...words: unknown[]) => lines.push(words) };
  await run(script, { ...pystreaming, console });
  assert.ok(lines.length >= 10, `${lines.length}`);
  const numbers = lines.map(([, fno]) => Number(fno));
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
  for (const [name, , meta] of lines) {
    assert.equal(name, "video");
    assert.ok(Object(meta).brightness > 0);
  }
});

test("each option of the Things has a row, and each row an option; each property is named", () => {
  const sections = PAGE.split("\n### ").slice(1);
  const options = (section: string) =>
    [...section.split("\n## ")[0]!.matchAll(/^\| ((?:`\w+`(?:, )?)+) \|/gm)].map(([, name]) =>
      name!.replaceAll("`", ""),
    );
  const [server = "", camera = ""] = sections;
  assert.deepEqual(options(server), Object.keys(SERVER_OPTIONS.properties));
  assert.deepEqual(options(camera), Object.keys(CAMERA_OPTIONS.properties));
  for (const name of thingModelOf(new pystreaming.PyStreamingServer()).properties.keys()) {
    assert.match(server, new RegExp(`\`${name}\``), name);
  }
});

test("an endpoint that others reach is refused when the configuration is checked", {
  timeout,
}, async () => {
  const text = (await example()).replace(/endpoint: tcp:\S+/, "endpoint: tcp://0.0.0.0:5555");
  const { code, stderr } = await runCli(
    await folderWith({ "open.yaml": text }),
    "check",
    "open.yaml",
  );
  assert.equal(code, 2);
  assert.match(stderr, /publisher.*has no login.*insecure: true/);
});
