import assert from "node:assert/strict";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { delay, logTo, type Thing, ThingHost } from "thingscope";
import { prepareLaunch, runHeadless } from "../../src/cli/launch.ts";
import type { AddOptions } from "../../src/core/host-options.ts";
import { Camera } from "../../src/instruments/camera.ts";
import { PipelineCamera } from "../../things/index.ts";
import { TEST_MS } from "../limits.ts";
import { childrenOf } from "./pipelines.ts";

const folder = mkdtempSync(join(tmpdir(), "thingscope-launch-"));
const timeout = TEST_MS;
const FILE = join(folder, "window.gstp");
writeFileSync(FILE, "# a window\nvideotestsrc motion={motion}\n  ! nveglglessink\n");

async function hosted(things: Iterable<readonly [string, Thing, AddOptions?]>) {
  const host = new ThingHost({ settingsFolder: join(folder, "settings") });
  for (const [name, thing, options] of things) host.add(name, thing, options);
  await host.open();
  const camera = (name: string): Camera => {
    const thing = host.get(name).thing;
    assert.ok(thing instanceof Camera);
    return thing;
  };
  return { host, camera, [Symbol.asyncDispose]: () => host.close() };
}

test("a file with a parameter is launched as one camera", { timeout }, async () => {
  const things = await prepareLaunch({ file: FILE, parameters: { motion: "sweep" } });
  assert.deepEqual(
    things.map(([name]) => name),
    ["camera"],
  );
  await using scope = await hosted(things);
  const { mjpeg_stream } = scope.camera("camera");
  const first = await mjpeg_stream.nextFrame();
  assert.ok((await mjpeg_stream.nextFrame()) > first);
});

test("two tees are two cameras, one of which can be watched alone", { timeout }, async () => {
  const text =
    "videotestsrc ! tee name=left left. ! fakesink videotestsrc motion=sweep ! tee name=right right. ! fakesink";
  const things = await prepareLaunch({ parts: [text] });
  assert.deepEqual(
    things.map(([name]) => name),
    ["left", "right"],
  );
  await using scope = await hosted(things);
  await scope.camera("right").mjpeg_stream.grab();
  assert.equal(scope.camera("left").mjpeg_stream.lastFrameIndex, -1);
  await scope.camera("left").mjpeg_stream.grab();
  assert.equal(scope.camera("left").stream_active, true);
});

test("parts are words as the shell split them", { timeout }, async () => {
  const things = await prepareLaunch({
    parts: ["videotestsrc", "!", "video/x-raw, width=64, height=48", "!", "autovideosink"],
  });
  await using scope = await hosted(things);
  assert.equal((await scope.camera("camera").mjpeg_stream.grab()).width, 64);
});

test("file and parts, neither, a missing and an unknown parameter are told", {
  timeout,
}, async () => {
  const refused = (input: Parameters<typeof prepareLaunch>[0], message: RegExp) =>
    assert.rejects(prepareLaunch(input), { code: "BAD_ARGUMENT", message });
  await refused({ file: FILE, parts: ["a"] }, /not both/);
  await refused({}, /--file=FILE/);
  await refused({ file: FILE }, /needs the parameter 'motion'/);
  await refused(
    { file: FILE, parameters: { motion: 1, speed: 2 } },
    /does not use the parameter 'speed'/,
  );
  await refused({ file: FILE, parameters: { motion: "0 ! fakesink" } }, /contains a space/);
  await assert.rejects(prepareLaunch({ parts: ["nosuch", "!", "autovideosink"] }), {
    code: "PROGRAM_MISSING",
    message: /'nosuch'/,
  });
});

test("headless, a pipeline only runs, to its end or until it is stopped", { timeout }, async () => {
  await runHeadless(
    { parts: ["videotestsrc num-buffers=5 ! nveglglessink"] },
    new AbortController().signal,
  );
  const stopped = new AbortController();
  const run = runHeadless({ file: FILE, parameters: { motion: "wavy" } }, stopped.signal);
  while (childrenOf().length === 0) await delay(5); // the one before has ended
  stopped.abort();
  await run;
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const failing = runHeadless(
    { parts: ["filesrc location=/no/such ! fakesink"], log },
    new AbortController().signal,
  );
  await assert.rejects(failing, {
    code: "SOURCE_FAILED",
    message: /filesrc0 failed: Resource not found/,
  });
  assert.match(lines.join("\n"), /Resource not found/);
});

test("a pipeline camera is restarted on request, and says how often", { timeout }, async () => {
  const camera = new PipelineCamera({ pipeline: "videotestsrc is-live=true ! autovideosink" });
  await using scope = await hosted(new Map([["camera", camera]]));
  const thing = scope.host.things.get("camera");
  assert.ok(thing);
  const { run } = await camera.mjpeg_stream.grab();
  const invocation = thing.invoke("restart", {});
  await invocation.ended;
  assert.equal(invocation.status, "completed");
  assert.equal(camera.restarts, 1);
  assert.notEqual(camera.mjpeg_stream.run, run);
  assert.equal(camera.last_error, "");
});

test("a pipeline camera whose element is missing does not open, and says which", {
  timeout,
}, async () => {
  const camera = new PipelineCamera({ pipeline: "videotestsrc ! nosuchelement ! autovideosink" });
  await using scope = await hosted(new Map([["camera", camera]]));
  assert.match(
    scope.host.things.get("camera")?.reason ?? "",
    /GStreamer has no element 'nosuchelement'/,
  );
});

test("a pipeline camera that fails while it is watched says why", { timeout }, async () => {
  const camera = new PipelineCamera({
    pipeline: "v4l2src device=/dev/video99 ! autovideosink",
    keep_warm: true,
  });
  await using _ = await hosted(new Map([["camera", camera]]));
  while (camera.state.state !== "disconnected") await delay(10);
  assert.match(camera.state.reason ?? "", /Cannot identify device '\/dev\/video99'/);
  assert.match(camera.last_error, /Cannot identify device/);
  assert.match(camera.error_lines.join("\n"), /No such file/);
});
