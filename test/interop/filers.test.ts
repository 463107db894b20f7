import assert from "node:assert/strict";
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import { createHash } from "node:crypto";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Camera, decodeRgb, type FrameSource } from "thingscope";
import { packagePath } from "../../src/base/package-root.ts";
import { PIXEL_FORMATS, toPixelFormat } from "../../src/frames/pixel-formats.ts";
import { filersFor } from "../adapters/filers/network.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { eventually } from "../outputs/watching.ts";
import { folderFor } from "../things/recorder-server.ts";
import { startPython } from "./python-program.ts";

const FOLDER = packagePath("test", "interop");

/** Thirty pictures of 640x480 a second, by the clock. */
class SteadyCamera extends Camera {
  protected override source(): FrameSource {
    return {
      async *frames(signal) {
        const jpegs = await Promise.all(
          [40, 60, 80].map((quality) => jpegOf(640, 480, { quality })),
        );
        const began = performance.now();
        for (let n = 0; !signal.aborted; n++) {
          await sleep(Math.max(0, began + (n * 1000) / 30 - performance.now()));
          yield { jpeg: jpegs[n % jpegs.length]! };
        }
      },
    };
  }
}

/** The sample at the end of the client's text, with this port in place of its own. */
async function sampleFor(t: TestContext, port: number): Promise<string> {
  const text = await readFile(join(FOLDER, "filers_client.py"), "utf8");
  assert.equal(text.split("port=5002").length, 2);
  const path = join(await folderFor(t), "sample.py");
  await writeFile(path, text.replace("port=5002", `port=${port}`));
  return path;
}

const countsIn = (lines: readonly string[]) =>
  lines.flatMap((line) => /Got image: .*'count': (\d+)/.exec(line)?.[1] ?? []).map(Number);

test("the sample of Filers' client gets 30 pictures of 640x480 a second, while another of it is killed", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, server } = await filersFor(t, {}, { camera: new SteadyCamera() });
  const sample = await sampleFor(t, port);
  const [kept, killed] = [startPython(t, sample), startPython(t, sample)];
  await eventually(() => countsIn(killed.lines).length > 60);
  killed.child.kill("SIGKILL");
  const { code, errors } = await kept.ended;
  assert.equal(code, 0, errors);
  const counts = countsIn(kept.lines);
  t.diagnostic(
    `${counts.length} pictures in the 10 s of the sample, ${server.frames_skipped} skipped`,
  );
  assert.ok(counts.length > 200, `${counts.length} pictures in 10 s`);
  const missing = counts.at(-1)! - counts[0]! + 1 - counts.length;
  assert.ok(missing >= 0 && missing <= server.frames_skipped, `${missing} are missing`);
  assert.deepEqual(
    counts,
    [...new Set(counts)].sort((a, b) => a - b),
    "in order, each once",
  );
  assert.ok(kept.lines.includes("Player started recording"));
  assert.ok(!kept.lines.some((line) => line.includes("exception")), kept.lines.join("\n"));
  assert.match(kept.lines.find((line) => line.includes("Got image")) ?? "", /640.*480|'t':/);
  assert.deepEqual(server.faults, {});
  await eventually(() => server.clients.length === 0);
});

interface Happened {
  readonly what: string;
  readonly state?: boolean;
  readonly format?: string;
  readonly size?: number[];
  readonly digest?: string;
  readonly message?: string;
}

/** The scenario's program, as a player that is told what to do. */
function playerFor(t: TestContext, port: number) {
  const { child, lines, ended } = startPython(t, "filers_scenario.py", String(port));
  const happened = () =>
    lines.filter((line) => line.startsWith("{")).map((line): Happened => JSON.parse(line));
  const after = async (what: string, count = 1) => {
    const found = () => happened().filter((one) => one.what === what);
    await eventually(() => found().length >= count);
    return found();
  };
  return { tell: (word: string) => tell(child, word), happened, after, ended };
}

function tell(child: ChildProcessWithoutNullStreams, word: string): void {
  child.stdin.write(`${word}\n`);
}

for (const format of PIXEL_FORMATS) {
  test(`Filers' client has the very bytes of a frame, as ${format}`, {
    timeout: TEST_MS,
  }, async (t) => {
    const { port, camera } = await filersFor(t, { pixel_format: format });
    const player = playerFor(t, port);
    player.tell("play");
    await eventually(() => camera.mjpeg_stream.demand.active);
    const jpeg = await jpegOf(641, 479); // rows that end in the middle of any group
    camera.mjpeg_stream.addFrame(jpeg);
    const [image] = await player.after("image");
    const { data } = toPixelFormat(await decodeRgb(jpeg), format);
    const digest = createHash("sha256").update(data).digest("hex");
    assert.deepEqual([image?.size, image?.format, image?.digest], [[641, 479], format, digest]);
    player.tell("end");
    assert.equal((await player.ended).code, 0);
  });
}

test("Filers' client is told of the recording's state, and of its own mistakes", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, camera, server } = await filersFor(t, { recording: false });
  const player = playerFor(t, port);
  player.tell("play");
  await eventually(() => server.clients[0]?.state === "requested");
  player.tell("play");
  const [mistake] = await player.after("exception");
  assert.equal(mistake?.message, "Client already notified that it is playing");
  for (let turn = 1; turn <= 3; turn++) {
    server.start_network_recording();
    await eventually(() => camera.mjpeg_stream.demand.active);
    camera.mjpeg_stream.addFrame(await jpegOf(64, 48));
    await player.after("image", turn);
    server.stop_network_recording();
    await player.after("recording", 2 * turn);
    player.tell("play");
    await eventually(() => server.clients[0]?.state === "requested");
  }
  player.tell("stop");
  player.tell("end");
  assert.equal((await player.ended).code, 0);
  assert.deepEqual(
    player.happened().map(({ what, state }) => state ?? what),
    ["exception", ...[1, 2, 3].flatMap(() => [true, "image", false]), "ended"],
  );
});
