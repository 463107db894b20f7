import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, readFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import * as thingscope from "thingscope";
import * as frames from "thingscope/frames";
import { Pipeline } from "thingscope/frames";
import * as pythiags from "thingscope/pythiags";
import { FrameProbe, VideoRecorder } from "thingscope/pythiags";
import * as recording from "thingscope/recording";
import { MultiVideoRecorder } from "thingscope/recording";
import { packagePath } from "../../src/base/package-root.ts";
import { PipelineApp } from "../../src/sources/pipeline-app.ts";
import { folderWith, install, launchCli, runCli } from "../cli/run-cli.ts";
import { assertNamesIn, type Row, resultOf, rowsFrom, run } from "../docs/coming-from.ts";
import { blocksOf, pageText } from "../docs/page.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const root = packagePath();

/** The public names of pythiags, and the options of its commands. */
const NAMES =
  `pygst-launch file obs ext proc pythiags.recorder pythiags.headless pythiags.recorder.ring_buffer Standalone
  build_and_run cli_run background pipeline VideoRecorder src_tee_name filename_generator timeout_sec window_size_sec
  record max_delay_sec busy RingBuffer RINGBUFFER_BIN_STRING ring_buffer_cls record_bin_cls RecordBin
  metadata_extraction_map Producer extract_metadata Consumer incoming LogFileWriter on_eos on_error stop record_bg
  on_video_finished state States`.split(/\s+/);

const rows = rowsFrom("pythiags");
const PICTURE = "video/x-raw,width=64,height=48,framerate=30/1";
const TWO = `videotestsrc ! ${PICTURE} ! tee name=t1 t1. ! fakesink videotestsrc ! ${PICTURE} ! tee name=t2 t2. ! fakesink`;
const SHORT = `videotestsrc num-buffers=10 ! ${PICTURE} ! nveglglessink`;

/** Rows that begin a pipeline of their own; all others work with one that plays. */
const isBeginning = ({ now }: Row) => now.includes("Pipeline.run(");
const isCommand = ({ now }: Row) => now.startsWith("npx ");

test("each public name of pythiags has a row in docs/coming-from.md", () => {
  assertNamesIn(rows, NAMES);
});

for (const row of rows.filter(isCommand)) {
  test(`instead of ${row.wrote}: ${row.now}`, { timeout }, async (t) => {
    const folder = await folderWith({
      "ball.gstp": `videotestsrc name=src num-buffers=30 pattern=ball motion={motion}\n! ${PICTURE}\n! nveglglessink\n`,
      "mine.ts": `import { LogFileWriter, Producer } from "thingscope/pythiags";
        export class Extractor extends Producer { extractMetadata({ index }) { return [index]; } }
        export class Writer extends LogFileWriter { constructor() { super("found.jsonl"); } }`,
    });
    await install(folder);
    const [, , , ...args] = row.now.split(" ");
    if (!row.now.includes("--headless")) {
      const { url } = await launchCli(t, folder, ...args);
      assert.equal((await fetch(`${url}/camera/mjpeg_stream/snapshot?wait=20`)).status, 200);
      return;
    }
    const { code, stderr } = await runCli(folder, "launch", ...args);
    assert.deepEqual([code, stderr], [0, ""]);
    assert.match(await readFile(join(folder, "found.jsonl"), "utf8"), /^0\n1\n/);
  });
}

for (const row of rows.filter((one) => isBeginning(one))) {
  test(`instead of ${row.wrote.split("\n")[0]}: ${row.now}`, { timeout }, async () => {
    const isForeground = row.now.includes("background: false");
    const scope = { Pipeline, text: isForeground ? SHORT : TWO, convert: "videoconvert" };
    const app = await resultOf(row.now, scope);
    if (isForeground) return;
    assert.ok(app instanceof PipelineApp);
    await app.cameras.get("t1")?.nextFrame();
    await app.stop();
  });
}

let app: PipelineApp<Pipeline>;
let scope: Record<string, unknown>;
before(async () => {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-pythiags-"));
  process.chdir(folder);
});
after(() => app?.stop());

test("a pipeline plays, with a recorder and two at once", { timeout }, async () => {
  app = await Pipeline.run(TWO);
  const folder = process.cwd();
  let n = 0;
  const filenameGenerator = () => join(folder, `film${++n}.mkv`);
  const { pipeline } = app;
  const options = { pipeline, srcTeeName: "t1", filenameGenerator, windowSizeSec: 0.3 };
  const recorder = new VideoRecorder(options);
  const cameras = { 1: { pipeline, srcTeeName: "t1" }, 2: { pipeline, srcTeeName: "t2" } };
  const multi = new MultiVideoRecorder({ cameras, filenameGenerator, windowSizeSec: 0.3 });
  while (recorder.busy || multi.busy) await thingscope.delay(10);
  const path = await recorder.record({ maxDelaySec: 5 });
  while (recorder.busy) await thingscope.delay(10);
  const parts = { extractor: () => [1], writer: () => {} };
  const names = {
    join,
    randomUUID,
    folder,
    nextName: filenameGenerator,
    options,
    recorder,
    multi,
    pipeline,
    path,
    app,
  };
  scope = { ...thingscope, ...frames, ...recording, ...pythiags, ...parts, ...names };
});

for (const row of rows.filter((one) => !isCommand(one) && !isBeginning(one))) {
  test(`instead of ${row.wrote.split("\n")[0]}: ${row.now.split("\n")[0]}`, {
    timeout,
  }, async () => {
    if (row.now.startsWith("import ")) {
      for (const line of row.now.split("\n")) {
        const [, list = "", module = ""] = /^import \{ (.+) \} from "(.+)";$/.exec(line) ?? [];
        const exports: object = await import(module);
        for (const name of list.split(", ")) assert.ok(Reflect.get(exports, name), name);
      }
      return;
    }
    const recorder = scope.recorder as VideoRecorder;
    if (row.now.includes("await recorder.record("))
      while (recorder.busy) await thingscope.delay(10);
    const result = await resultOf(row.now, { ...scope, console: { log() {} } });
    const made = [VideoRecorder, MultiVideoRecorder, FrameProbe].find(
      (one) => result instanceof one,
    );
    if (made) await (result as VideoRecorder).stop();
    else if (row.now.startsWith("const")) assert.ok(result);
    if (row.now.includes("class Extractor")) {
      assert.deepEqual(
        Reflect.get(Object(new (result as new () => object)()), "extractMetadata").call(0, {
          index: 7,
        }),
        [{ index: 7 }],
      );
    }
    if (row.now.startsWith("await app.stop")) assert.equal(app.pipeline.finished, true);
  });
}

test("the snippets of docs/pythiags.md run as they are printed", { timeout }, async () => {
  const [plays = "", probes = ""] = blocksOf(pageText("pythiags.md"))
    .filter(({ language }) => language === "ts")
    .map(({ text }) => text);
  const withoutImports =
    `${plays.replace("await app.stop();", "")}\n${probes}\nawait app.stop();\nreturn probe.counts;`.replaceAll(
      /^import .*$/gm,
      "",
    );
  const counts = await run(withoutImports, { ...thingscope, ...frames, ...recording, ...pythiags });
  assert.ok(typeof counts === "object");
});

test("the commands of docs/pythiags.md that launch a pipeline are right", { timeout }, async () => {
  const commands = pageText("pythiags.md").match(/^npx thingscope launch .*$/gm) ?? [];
  assert.equal(commands.length, 2);
  for (const command of commands) {
    const [, , , ...args] = command.split(" ");
    const { code, stderr } = await runCli(root, "launch", "--dry-run", ...args);
    assert.deepEqual([code, stderr], [0, ""]);
  }
});
