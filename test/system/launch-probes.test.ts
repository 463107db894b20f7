import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { folderWith, launchCli, runCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const PICTURE = "video/x-raw,width=64,height=48,framerate=30/1";
const MODULE = `import { Consumer, LogFileWriter, Producer } from "thingscope/pythiags";

export class Indices extends Producer {
  extractMetadata({ index }, { camera }) {
    return [{ camera, index }];
  }
}

export class File extends LogFileWriter {
  constructor() {
    super("found.jsonl");
  }
}

export function* oddOnes({ index }) {
  if (index % 2) yield { odd: index };
}

export class Failing extends Consumer {
  incoming() {
    throw new Error("this consumer is broken");
  }
}
`;

test("launch has a probe at a tee: --obs, --ext and --proc; clients hear of it, too", {
  timeout,
}, async (t) => {
  const folder = await folderWith({
    "two.gstp": `videotestsrc pattern={pattern} ! ${PICTURE} ! tee name=left left. ! fakesink
      videotestsrc ! ${PICTURE} ! tee name=right right. ! fakesink`,
    "mine.ts": MODULE,
  });
  const options = ["--file=two.gstp", "--pattern=ball", "--obs=right", "--ext=./mine.ts:Indices"];
  const server = await launchCli(t, folder, ...options, "--proc=./mine.ts:File");
  const heard = await fetch(`${server.url}/probe/detections`, {
    headers: { Accept: "text/event-stream" },
  });
  let told = "";
  for await (const chunk of heard.body!) {
    told += Buffer.from(chunk).toString();
    if (/"camera":"right","run":"\w+","index":\d+/.test(told)) break;
  }
  assert.match(told, /"events":\[\{"camera":"right","index":\d+\}\]/);
  assert.equal(await server.stop(), 0);
  const lines = (await readFile(join(folder, "found.jsonl"), "utf8")).trim().split("\n");
  assert.deepEqual(JSON.parse(lines[0]!), { camera: "right", index: 0 });
});

test("--headless runs a pipeline to its end, looked at from the first frame to the last, and ends with 0", {
  timeout,
}, async () => {
  const folder = await folderWith({ "mine.ts": MODULE });
  const words = ["videotestsrc", "num-buffers=20", "!", PICTURE, "!", "tee", "name=t1"];
  const options = ["--headless", "--obs=t1", "--ext=./mine.ts:Indices", "--proc=./mine.ts:File"];
  const { code, stderr } = await runCli(
    folder,
    "launch",
    ...options,
    ...words,
    "t1.",
    "!",
    "fakesink",
  );
  assert.deepEqual([code, stderr], [0, ""]);
  const lines = (await readFile(join(folder, "found.jsonl"), "utf8")).trim().split("\n");
  assert.ok(lines.length >= 2, `${lines.length} of 20`);
  assert.deepEqual(
    lines.map((line) => JSON.parse(line).index),
    lines.map((_, n) => n),
  );
});

test("an element that is no tee can be looked at; what is found is in the log; several probes at once", {
  timeout,
}, async () => {
  const folder = await folderWith({ "mine.ts": MODULE });
  const source = `videotestsrc name=source num-buffers=20 ! ${PICTURE} ! autovideosink`;
  const probes = ["--probe=./mine.ts:oddOnes@source.src", "--probe=./mine.ts:Indices@source"];
  const { code, stdout } = await runCli(folder, "launch", "--headless", ...probes, source);
  assert.equal(code, 0);
  assert.match(stdout, /found in frame 1: \[\{\\"odd\\":1\}\]/);
  assert.match(stdout, /found in frame 0: \[\{\\"camera\\":\\"source_tee\\",\\"index\\":0\}\]/);
});

test("a consumer that fails is told, and the pipeline plays to its end; one that fails itself ends with 3", {
  timeout,
}, async () => {
  const folder = await folderWith({ "mine.ts": MODULE });
  const options = ["--headless", "--ext=./mine.ts:Indices", "--proc=./mine.ts:Failing"];
  const good = `videotestsrc num-buffers=20 ! ${PICTURE} ! autovideosink`;
  const { code, stdout } = await runCli(folder, "launch", ...options, good);
  assert.equal(code, 0);
  assert.equal(stdout.match(/this consumer is broken/g)?.length, 1);
  const bad = `videotestsrc ! ${PICTURE} ! identity error-after=5 ! autovideosink`;
  const failed = await runCli(folder, "launch", ...options, bad);
  assert.equal(failed.code, 3);
  assert.match(failed.stderr, /^GStreamer's element identity0 failed/);
});

test("--check says whether it could be run; a brace that is left over is explained", {
  timeout,
}, async () => {
  const folder = await folderWith({});
  const check = await runCli(
    folder,
    "launch",
    "--check",
    "videotestsrc ! tee name=t1 t1. ! fakesink",
  );
  assert.deepEqual([check.code, check.stdout], [0, "OK: cameras: t1\n"]);
  const missing = await runCli(folder, "launch", "--check", "nosuchsrc ! autovideosink");
  assert.equal(missing.code, 3);
  const words = ["videotestsrc", "pattern={pattern}", "!", "fakesink"];
  const braces = await runCli(folder, "launch", "--headless", ...words);
  assert.equal(braces.code, 3);
  assert.match(
    braces.stderr,
    /^GStreamer cannot build the pipeline: .*\{pattern\} cannot be a parameter on a command line: put the pipeline into a file, and use --file=FILE --pattern=VALUE\.$/m,
  );
});

test("a pipeline may come by the standard input", { timeout }, async () => {
  const main = packagePath("dist", "src", "cli", "main.js");
  const args = [main, "launch", "--file=-", "--headless", "--count=3"];
  const child = spawn(process.execPath, args, { stdio: ["pipe", "ignore", "pipe"] });
  const ended = once(child, "close");
  child.stdin.end("videotestsrc num-buffers={count} # three pictures\n ! fakesink\n");
  assert.deepEqual([await text(child.stderr), (await ended)[0]], ["", 0]);
});
