import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { logTo } from "thingscope";
import { RecordingsFolder, startRecording, stopped, verifyRecording } from "thingscope/recording";
import { conversions } from "../../src/recording/export/conversion-queue.ts";
import { describeRecording } from "../../src/recording/files/describe.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { SteppedCamera } from "../recording/event-films.ts";
import { frames, newPath, record } from "../recording/recordings.ts";
import { armed, recorderFor } from "../things/recorder-server.ts";

const timeout = TEST_MS;
const JPEG = await jpegOf(64, 48);

/** Resolves when something holds; the test's own limit ends it. */
async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(20);
}

/** Runs `work` while `ffmpeg` is a script. */
async function withFfmpeg<T>(lines: (real: string) => string, work: () => Promise<T>): Promise<T> {
  const bin = join(dirname(await newPath()), "bin");
  await mkdir(bin);
  const real = (await promisify(execFile)("which", ["ffmpeg"])).stdout.trim();
  await writeFile(join(bin, "ffmpeg"), `#!/bin/sh\n${lines(real)}\n`, { mode: 0o755 });
  const before = process.env.PATH;
  process.env.PATH = `${bin}:${before}`;
  try {
    return await work();
  } finally {
    process.env.PATH = before;
  }
}

/** Says its version at once, and else reads nothing for an hour. */
const hanging = (real: string) => `[ "$1" = -version ] && exec ${real} -version\nexec sleep 3600`;
/** Fails whatever is asked. */
const failing = (real: string) =>
  `[ "$1" = -version ] && exec ${real} -version\necho "no such codec" >&2; exit 1`;

test("what a stop has cut off is made when the folder is opened again, and a removal that was still to come comes", {
  timeout,
}, async () => {
  const path = await newPath("nest.mp4");
  const folder = dirname(path);
  const camera = new SteppedCamera(() => JPEG);
  const stop = new AbortController();
  await withFfmpeg(hanging, async () => {
    const options = { camera: camera.stream, path, splitSec: 1, exportSignal: stop.signal };
    const recording = await startRecording(options);
    for (let second = 0.5; conversions.counts.waiting === 0; second += 0.5) {
      camera.playTo(second);
      await until(() => recording.queuedBytes === 0);
    }
    const ended = recording.stop();
    assert.ok(conversions.counts.running <= 6, "an encoder that takes nothing has a queue");
    stop.abort(stopped("the test stops"));
    await ended;
  });
  const mkvs = (await readdir(folder)).filter((name) => name.endsWith(".mkv"));
  assert.ok(mkvs.length >= 5, mkvs.join());
  assert.equal(
    (await readdir(folder)).length,
    2 * mkvs.length,
    "with their ledgers, and without drafts",
  );
  await writeFile(join(folder, `.nest-00.mp4.99999-1.0123abcd.part`), "what a crash left");

  const lines: string[] = [];
  const opened = new RecordingsFolder(folder);
  await opened.open(logTo((_, message) => lines.push(message)));
  const [first] = opened.files.list.map((file) => file.toJSON());
  assert.deepEqual(first?.exports, [{ format: "mp4", state: "waiting" }]);
  await opened.resumed;
  assert.equal(
    lines.filter((line) => line.includes("an earlier attempt had been cut off")).length,
    mkvs.length,
  );
  await opened.close();
  const names = (await readdir(folder)).sort();
  const made = mkvs.map((name) => name.replace("mkv", "mp4"));
  const ledgers = mkvs.map((name) => name.replace("mkv", "ledger.jsonl"));
  assert.deepEqual(names, [...made, ...ledgers].sort());
  assert.ok(
    (await verifyRecording(join(folder, "nest-00.mp4"))).ok,
    "as each was compared before it got its name",
  );
});

test("a failed export is an event, a state of the file, a line of the log and of the ledger, and is not tried for ever", {
  timeout,
}, async (t) => {
  const lines: string[] = [];
  const log = logTo((_, message) => lines.push(message));
  const { recorder, client, folder } = await recorderFor(t, { format: "mp4" }, { log });
  await armed(recorder);
  const failed = new Promise<{ reason: string; format: string }>((resolve) =>
    recorder.export_failed.on(resolve),
  );
  const { reason, format } = await withFfmpeg(failing, async () => {
    await (await client()).invoke("record", { max_delay: 30 });
    return await failed;
  });
  assert.equal(format, "mp4");
  assert.match(reason, /was not exported: ffmpeg ended with 1: no such codec\. The MKV is kept\./);
  const [file] = (await (await client()).read("recordings")) as Record<string, unknown>[];
  assert.deepEqual(file?.exports, [{ format: "mp4", state: "failed", reason }]);
  assert.ok(
    lines.some((line) => line.endsWith(reason)),
    lines.join("\n"),
  );
  const mkv = join(folder, String(file?.name));
  assert.equal((await describeRecording(mkv)).exports[0]?.state, "failed");

  const input = { id: file?.id, format: "mp4", replace: true };
  await (await client()).invoke("export", input);
  const [made] = (await (await client()).read("recordings")) as Record<string, unknown>[];
  assert.deepEqual([made?.type, made?.exports], ["video/mp4", undefined]);
});

test("an export that its client cancels is not wanted any more; one that a stop of the server cuts off is", {
  timeout,
}, async (t) => {
  const { path } = await record(frames(30, 33, 300), { path: await newPath("nest.mkv") });
  const folder = dirname(path);
  for (const [ends, states] of [
    ["client", []],
    ["server", ["wanted"]],
  ] as const) {
    await withFfmpeg(hanging, async () => {
      const { recorder, host, server } = await recorderFor(t, { folder });
      const [file] = recorder.recordings;
      const run = host.get("recorder").invoke("export", { id: file?.id, format: "mp4" });
      await until(() => conversions.counts.running === 1);
      if (ends === "client") run.cancel();
      else await server.close();
      await run.ended;
      assert.equal(run.status, "cancelled");
      await until(() => conversions.counts.running === 0);
      await server.close();
    });
    const { exports } = await describeRecording(path);
    assert.deepEqual(
      exports.map(({ state }) => state),
      states,
      `ended by its ${ends}`,
    );
  }
});
