import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readFile, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { RemoteBlob } from "../../src/client/remote-blob.ts";
import { ThingClient } from "../../src/client/thing-client.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { MultipartParser } from "../../src/frames/wire/multipart.ts";
import { folderWith, install, runCli, runTests, type Served, serveCli } from "../cli/run-cli.ts";
import { tdFaults } from "../conformance/td-schema.ts";
import { patience, TEST_MS } from "../limits.ts";
import { curl } from "./curl.ts";
import { assertIncludes, type Block, blocksOf, pageText } from "./page.ts";

const run = promisify(execFile);
const blocks = blocksOf(pageText("writing-a-thing.md"));
const files = blocks.flatMap(({ file, text }) => (file ? [[file, text] as const] : []));

/** What stands around the page's code that is no file: the compiler checks that, too. */
const AROUND: Readonly<Record<string, (code: string) => string>> = {
  "override async open": (code) => `import { Thing } from "thingscope";
import { Type } from "typebox";

interface Device {
  name(): Promise<string>;
  controls(): Promise<{ name: string; title: string; unit: string; minimum: number; maximum: number }[]>;
  get(name: string, signal: AbortSignal): Promise<number>;
  set(name: string, value: number, signal: AbortSignal): Promise<void>;
}

export class Controlled extends Thing {
  readonly #device: Device;
  constructor(device: Device) {
    super();
    this.#device = device;
  }
  ${code}
}`,
  "const server": (code) => `import { ThingHost, ThingServer } from "thingscope";
const host = new ThingHost();
${code}`,
};

/** Each piece of TypeScript that is no file, as one. */
function pieces(): [file: string, text: string][] {
  const unnamed = blocks.filter(({ language, file }) => language === "ts" && !file);
  return unnamed.map(({ text }, n) => {
    const [, around] = Object.entries(AROUND).find(([begin]) => text.startsWith(begin)) ?? [];
    return [`piece-${n}.ts`, (around ?? assert.fail(`What stands around this? ${text}`))(text)];
  });
}

/** The page's folder as its reader has it after `npm install`. */
async function readersFolder(): Promise<string> {
  const folder = await folderWith({
    ...Object.fromEntries([...files, ...pieces()]),
    "package.json": '{"type":"module"}',
  });
  await install(folder);
  for (const name of ["typebox", "serialport", "@serialport", "@types"])
    await symlink(packagePath("node_modules", name), join(folder, "node_modules", name));
  return folder;
}

/** One picture of a stream, as a program reads it. */
async function firstPart(url: string): Promise<Uint8Array> {
  const response = await fetch(url);
  const parser = new MultipartParser();
  for await (const chunk of response.body!) {
    const [part] = parser.push(chunk);
    if (part) return part.body; // which leaves the loop, and with it the stream
  }
  throw new Error("The stream ended before its first picture.");
}

test("the files of the page are those of examples/writing-a-thing, which the compiler checks", () => {
  const code = files.filter(([file]) => !file.endsWith(".json"));
  assert.equal(code.length, 9);
  for (const [file, text] of code) {
    const [here, serial] = [[], ["serial"]].map((below) =>
      packagePath("examples", "writing-a-thing", ...below, file),
    );
    assert.equal(text, readFileSync(existsSync(here!) ? here! : serial!, "utf8"), file);
  }
});

test("the commands of the page do what it says, one after another", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await readersFolder();
  let server: Served | undefined;
  const commands = blocks.map((block, index): [Block, Block | undefined] => [
    block,
    blocks[index + 1],
  ]);
  for (const [{ text }, next] of commands.filter(([{ language }]) => language === "sh")) {
    const command = text.trim();
    if (command.startsWith("npm ")) continue; // readersFolder() has done what these do.
    if (/^(kill|node --watch) /.test(command)) continue; // test/cli/reload.test.ts has the first
    if (command === "npx tsc --noEmit") {
      const tsc = packagePath("node_modules", ".bin", "tsc");
      await run(tsc, ["--noEmit"], { cwd: folder }).catch(({ stdout }) => assert.fail(stdout));
      continue;
    }
    if (command.startsWith("npx thingscope serve ")) {
      await server?.stop();
      server = await serveCli(t, folder, command.split(" ")[3]!);
      assert.equal(server.page, `${server.url}/`);
    } else if (command.startsWith("npx thingscope ")) {
      const { stdout } = await runCli(folder, ...command.split(" ").slice(2));
      assert.equal(stdout, next?.text);
    } else if (command.startsWith("curl ")) {
      const answer = await curl(command.replace("http://127.0.0.1:5000", server!.url));
      if (next?.language === "json")
        assertIncludes(await answer.json(), JSON.parse(next.text), command);
      else assert.equal(answer.status, 204, command);
    } else {
      const [, test = ""] = /^npx tsx --test (\S+)$/.exec(command) ?? assert.fail(command);
      assert.match(await runTests(folder, test), /^# fail 0$/m);
    }
  }
});

test("the page's camera has a valid Thing Description, and its stream has whole pictures", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await readersFolder();
  const kitchen = await readFile(join(folder, "kitchen.yaml"), "utf8");
  await writeFile(join(folder, "all.yaml"), `${kitchen}  sensor: sensor.ts:Sensor\n`);
  const server = await serveCli(t, folder, "all.yaml");
  for (const thing of ["clock", "timer", "sensor"]) {
    const answer = await fetch(`${server.url}/${thing}/`);
    assert.deepEqual(tdFaults(await answer.json()), []);
  }
  const { width, height } = inspectJpeg(await firstPart(`${server.url}/clock/live`));
  assert.deepEqual([width, height], [480, 120]);
  const sensor = await ThingClient.connect(`${server.url}/sensor/`, { signal: patience() });
  const raw = await sensor.invoke("raw");
  assert.ok(raw instanceof RemoteBlob);
  assert.equal((await raw.bytes()).length, 320 * 240);
});
