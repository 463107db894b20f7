import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import type { ClientIo, Output } from "../../src/cli/client-output.ts";
import { get, run, watch } from "../../src/cli/client-verbs.ts";
import { FakeServer, json } from "../client/fake-server.ts";
import { type Lab, openLab } from "../client/instrument.ts";
import { TEST_MS } from "../limits.ts";
import { folderWith, runCli } from "./run-cli.ts";

const timeout = TEST_MS;
let lab: Lab;
let folder: string;
before(async () => {
  lab = await openLab();
  folder = await folderWith({});
});
after(() => lab[Symbol.asyncDispose]());

const cli = (...args: string[]) => runCli(folder, ...args);

/** A terminal, or a pipe, that remembers. */
class Screen implements Output {
  text = "";
  readonly isTTY: boolean;
  readonly columns = 60;
  constructor(isTTY: boolean) {
    this.isTTY = isTTY;
  }
  write(text: string): void {
    this.text += text;
  }
}

function io(isTTY: boolean): ClientIo & { out: Screen; err: Screen } {
  const { signal } = new AbortController();
  return { out: new Screen(isTTY), err: new Screen(isTTY), signal, json: false };
}

test("properties are read and written from a command line", { timeout }, async () => {
  assert.deepEqual(await cli("set", lab.url, "exposure", "20"), {
    code: 0,
    stdout: "",
    stderr: "",
  });
  assert.equal((await cli("get", lab.url, "exposure")).stdout, "20\n");
  const address = lab.url.replace("http://", ""); // as people write it
  await cli("set", address, "label", "42");
  assert.equal(
    (await cli("get", address, "label", "pitch")).stdout,
    '{"label":"42","pitch":2.5}\n',
  );
  await cli("set", address, "label", "null");
  assert.deepEqual(JSON.parse((await cli("get", address)).stdout), {
    exposure: 20,
    label: null,
    live_frame: null,
    pitch: 2.5,
  });
});

test("what cannot be done is a sentence on the standard error, and an exit code", {
  timeout,
}, async () => {
  const refused = await cli("set", lab.url, "exposure", "-7");
  assert.deepEqual([refused.code, refused.stdout], [2, ""]);
  assert.match(
    refused.stderr,
    /^Property 'exposure' .* greater than or equal to 0, but is -7\.\n$/,
  );
  const unknown = await cli("get", lab.url, "exposur");
  assert.deepEqual(
    [unknown.code, unknown.stderr.split(". ")[0]],
    [2, "Thing 'Test instrument' has no property 'exposur'"],
  );
  const nobody = await cli("get", "127.0.0.1:9");
  assert.equal(nobody.code, 3);
  assert.match(nobody.stderr, /cannot be reached: .*\n$/);
  const failed = await cli("run", lab.url, "fail");
  assert.deepEqual([failed.code, failed.stderr], [1, "The lamp is out of film.\n"]);
  assert.match(
    (await cli("run", lab.url, "scan", "three")).stderr,
    /it should be an object, but is 'three'/,
  );
  assert.match(
    (await cli("run", lab.url, "scan", "steps=3", "x")).stderr,
    /'x' is not a valid input/,
  );
});

test("an action's run is JSON lines in a pipe: progress, log, output", { timeout }, async () => {
  const { code, stdout } = await cli("run", lab.url, "scan", "steps=2", "label=7");
  const lines = stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.equal(code, 0);
  assert.deepEqual(lines.at(-1), { output: [1, 2] });
  assert.deepEqual(
    lines.filter((line) => line.log).map((line) => line.log),
    ["step 1", "step 2"],
  );
  assert.deepEqual(
    lines.findLast((line) => line.progress),
    {
      progress: 1,
      message: "step 2 of 2",
    },
  );
  const json = await cli("run", lab.url, "scan", '{"steps": 1}');
  assert.deepEqual(JSON.parse(json.stdout.trim().split("\n").at(-1)!), { output: [1] });
});

test("an action's run is a bar that moves on a terminal, and then its output", {
  timeout,
}, async () => {
  const terminal = io(true);
  const target = { url: lab.url, credentials: undefined };
  await run(terminal, target, "scan", ["steps=2"], {});
  assert.equal(terminal.out.text, "[1, 2]\n");
  assert.match(terminal.err.text, /info: step 1\n/);
  assert.match(terminal.err.text, /\[#{15}\.{15}\] {2}50 % {2}step 1 of 2/);
  assert.ok(terminal.err.text.endsWith("\r\x1b[K"), "the bar is taken back at the end");
  await get(terminal, target, ["exposure"]);
  assert.match(terminal.out.text, /^\d+\n$/m);
});

test("a file that an action returns is saved", { timeout }, async () => {
  const { code, stdout } = await cli("run", lab.url, "picture", "-o", "picture.txt");
  assert.deepEqual([code, stdout], [0, ""]);
  assert.equal(await readFile(join(folder, "picture.txt"), "utf8"), "a picture");
  const link = JSON.parse((await cli("run", lab.url, "picture")).stdout);
  assert.match(link.output.href, /\/blob\//);
  const refused = await cli("run", lab.url, "picture", "-o", "none/picture.txt");
  assert.equal(refused.code, 2);
  assert.match(refused.stderr, /^none\/picture\.txt cannot be written: /);
});

test("Ctrl-C cancels the run that it waits for", { timeout }, async () => {
  const main = packagePath("dist", "src", "cli", "main.js");
  const child = spawn(process.execPath, [main, "run", lab.url, "wait"]);
  const said = text(child.stderr);
  const ended = once(child, "close");
  while (!lab.instrument.busy) await new Promise((resolve) => setTimeout(resolve, 5));
  child.kill("SIGINT");
  assert.deepEqual((await ended)[0], 130);
  assert.equal(await said, "Cancelled.\n");
  while (lab.instrument.busy) await new Promise(setImmediate);
});

test("events are watched, a line each; what cannot be told goes to stderr", {
  timeout,
}, async () => {
  const target = { url: lab.url, credentials: undefined };
  const pipe = io(false);
  const began = Date.now();
  const watching = watch(pipe, target, ["moved"], { count: 2 });
  const moving = setInterval(() => {
    lab.instrument.moved.emit({ x: 0.5 });
    lab.instrument.moved.emit({ x: 3 });
  }, 20);
  await watching.finally(() => clearInterval(moving));
  const [first, , rest] = pipe.out.text.split("\n");
  assert.equal(rest, "");
  const { time, ...told } = JSON.parse(first ?? "");
  assert.deepEqual(told, { name: "moved", data: { x: 3 } });
  assert.match(pipe.err.text, /^moved: .*'x' should be an integer/);
  assert.ok(Date.parse(time) >= began - 25 && Date.parse(time) <= Date.now() + 25, time);
  await assert.rejects(watch(io(false), target, ["mooved"], {}), {
    code: "BAD_ARGUMENT",
    message: /no event, property or stream 'mooved'. It has: exposure, label/,
  });
});

test("a property is watched from its present value on, so that --count 1 ends", {
  timeout,
}, async () => {
  const target = { url: lab.url, credentials: undefined };
  await cli("set", lab.url, "exposure", "20");
  const once = io(false);
  await watch(once, target, ["exposure"], { count: 1 });
  assert.equal(JSON.parse(once.out.text).data, 20);
  const following = io(false);
  const watching = watch(following, target, ["exposure"], { count: 2 });
  while (following.out.text === "") await new Promise(setImmediate);
  await cli("set", lab.url, "exposure", "21");
  await watching;
  const told = following.out.text.trim().split("\n");
  assert.deepEqual(
    told.map((line) => JSON.parse(line).data),
    [20, 21],
  );
});

test("a login is told by option, by environment, or in the address", { timeout }, async () => {
  await using server = new FakeServer({ "*": json({ title: "Closed", properties: {} }) });
  const url = await server.listen();
  const seen = () => server.headers.at(-1)?.authorization;
  const basic = `Basic ${Buffer.from("ada:se:cret").toString("base64")}`;
  await cli("td", url, "--token", "t0");
  assert.equal(seen(), "Bearer t0");
  await cli("td", "--user", "ada:se:cret", url);
  assert.equal(seen(), basic);
  await cli("td", url.replace("//", "//ada:se%3Acret@"));
  assert.equal(seen(), basic);
  process.env.THINGSCOPE_TOKEN = "t1";
  try {
    await cli("td", url);
    assert.equal(seen(), "Bearer t1");
    await cli("td", url, "--user", "ada:se:cret");
    assert.equal(seen(), basic);
  } finally {
    delete process.env.THINGSCOPE_TOKEN;
  }
});

test("the description and its types are printed", { timeout }, async () => {
  assert.equal(JSON.parse((await cli("td", lab.url)).stdout).title, "Test instrument");
  const { stdout } = await cli("types", lab.url);
  assert.match(stdout, /^export interface TestInstrument \{$/m);
  assert.equal((await cli("types", lab.url, "-o", "thing.d.ts")).code, 0);
  assert.equal(await readFile(join(folder, "thing.d.ts"), "utf8"), stdout);
});
