import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import type { ThorVisionServer } from "thingscope/thorvision";
import { packagePath } from "../../src/base/package-root.ts";
import { PulseCamera, thorVisionFor, until } from "../adapters/thorvision/serving.ts";
import { folderWith } from "../cli/run-cli.ts";
import { blocksOf, pageText } from "../docs/page.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";
import { python } from "./programs.ts";

const run = promisify(execFile);
const SECONDS = process.env.THINGSCOPE_LONG ? 10 : 7;

interface RecordedFile {
  readonly frames: number;
  readonly first: number;
  readonly last: number;
  readonly ttl_in: number[];
  readonly seconds: number;
  readonly server_seconds: number;
  readonly device_times: [number, number];
}

interface Report {
  readonly version: string;
  readonly cameras: string[];
  readonly capability: string;
  readonly same: boolean;
  readonly streaming: number[];
  readonly ports: number[];
  readonly whole: RecordedFile[];
  readonly split: RecordedFile[];
  readonly logs: string[];
  readonly log: string;
  readonly errors: Record<string, [string, string] | null>;
}

test("pythorvision records two cameras, one of them in files of 2 s, and no frame is missing but what the server says that it dropped", {
  timeout: TEST_MS,
}, async (t) => {
  const cameras = {
    left: new PulseCamera(),
    right: new PulseCamera({ jpeg: await jpegOf(640, 480, { quality: 40 }) }),
  };
  const { thing, port } = await thorVisionFor(t, cameras);
  await until(() => thing.available.length === 2);
  const folder = await folderWith({});
  const script = packagePath("test", "interop", "thorvision_client.py");
  const args = [script, String(port), folder, String(SECONDS)];
  const droppedOf = followDropped(t, thing);
  const { stdout } = await run(python(), args, { timeout: WAIT_MS });
  const found: Report = JSON.parse(stdout);
  assert.equal(found.version, "0.3.0");
  assert.deepEqual(
    [found.cameras, found.ports],
    [
      ["left", "right"],
      [9001, 9002],
    ],
  );
  assert.equal(found.capability, "image/jpeg,width=320,height=240,framerate=30/1");
  assert.deepEqual([found.same, found.streaming], [true, [0, 1]]);

  assert.equal(found.whole.length, 1);
  for (const file of [...found.whole, ...found.split]) {
    assert.deepEqual(file.ttl_in, [5], JSON.stringify(file));
    const [began, ended] = file.device_times;
    assert.ok(Math.abs((ended - began) / 1e9 - file.server_seconds) < 0.001);
  }
  for (const [camera, files] of [
    ["left", found.whole],
    ["right", found.split],
  ] as const) {
    const frames = files.reduce((sum, file) => sum + file.frames, 0);
    const missing = files.at(-1)!.last - files[0]!.first + 1 - frames;
    const dropped = droppedOf(camera); // none, unless the machine stands still
    assert.ok(missing >= 0 && missing <= dropped, `${missing} of ${camera}, ${dropped} dropped`);
  }
  assert.ok(found.whole[0]!.server_seconds > SECONDS - 1.5, JSON.stringify(found.whole));
  assert.ok(found.split.length >= Math.floor((SECONDS + 1) / 2), JSON.stringify(found.split));
  for (const { seconds } of found.split) assert.ok(seconds < 2.2, `${seconds} s in a file`);

  assert.deepEqual(found.logs, [
    "thorvision.left_9001.log",
    "thorvision.log",
    "thorvision.right_9002.log",
  ]);
  assert.match(
    found.log,
    /Port 9001 is open for SRT[\s\S]*Caller \d+ connected; 1 connected now\./,
  );
  const { errors } = found;
  assert.match(errors["unknown log"]!.join(": "), /^HTTPError: 404 /);
  assert.match(errors.unreachable!.join(": "), /^ConnectionError: ThorVision is not reachable/);
  assert.match(errors["not streaming"]!.join(": "), /^ValueError: No active stream found/);
  assert.match(
    errors["not offered"]!.join(": "),
    /^RuntimeError: Failed to start stream on server/,
  );
  assert.match(errors["not JPEG"]!.join(": "), /^ValueError: .*not in a supported format/);
  assert.deepEqual(thing.streams, []);
  assert.deepEqual(thing.pids, []);
});

/** @returns What was dropped of a camera's stream at the most, as long as it was sent. */
function followDropped(t: TestContext, thing: ThorVisionServer): (camera: string) => number {
  const most = new Map<string, number>();
  const looking = setInterval(() => {
    for (const { camera, dropped } of thing.streams)
      most.set(camera, dropped.behind + dropped.too_fast + dropped.not_running);
  }, 20);
  t.after(() => clearInterval(looking));
  return (camera) => most.get(camera) ?? 0;
}

test("the Python of docs/thorvision.md records a film of each camera", {
  timeout: TEST_MS,
}, async (t) => {
  const cameras = { left: new PulseCamera(), right: new PulseCamera() };
  const { thing, port } = await thorVisionFor(t, cameras);
  await until(() => thing.available.length === 2);
  const folder = await folderWith({});
  const block = blocksOf(pageText("thorvision.md")).find(({ language }) => language === "python");
  await writeFile(join(folder, "film.py"), block!.text.replace("port=8000", `port=${port}`));
  await run(python(), ["film.py"], { cwd: folder, timeout: WAIT_MS });
  const films = await readdir(join(folder, "recordings"));
  assert.deepEqual(films.map((name) => name.replace(/_\d{8}_\d{6}/, "")).sort(), [
    "0_left-00.mkv",
    "1_right-00.mkv",
  ]);
  assert.deepEqual(thing.streams, []);
});
