import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { detachedInvocation, ThingHost } from "thingscope";
import { PipelineCamera } from "../../things/index.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;

test("parameters that the pipeline takes are used; ones that it refuses are told, and the old ones go on", {
  timeout,
}, async (t) => {
  const camera = new PipelineCamera({
    pipeline:
      "videotestsrc is-live=true pattern={pattern} ! video/x-raw,width={width},height=240,framerate=30/1 ! autovideosink",
    parameters: { pattern: "ball", width: 320 },
  });
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", camera);
  await host.open();
  t.after(() => host.close());
  const watching = new AbortController();
  t.after(() => watching.abort());
  const widths: number[] = [];
  const watched = (async () => {
    for await (const { width } of camera.mjpeg_stream.frames(watching.signal)) widths.push(width);
  })();
  assert.equal((await camera.mjpeg_stream.grab()).width, 320);

  await camera.set_parameters({ width: 160 }, detachedInvocation());
  assert.equal((await camera.mjpeg_stream.grab()).width, 160);
  assert.deepEqual(camera.parameters, { pattern: "ball", width: 160 });

  await assert.rejects(camera.set_parameters({ pattern: "nosuch" }, detachedInvocation()), {
    code: "SOURCE_FAILED",
    message: /^Camera 'camera' keeps its old parameters, .*could not set property "pattern"/,
  });
  assert.deepEqual(camera.parameters, { pattern: "ball", width: 160 });
  assert.equal(camera.state.state, "streaming");
  assert.equal((await camera.mjpeg_stream.grab()).width, 160);

  await assert.rejects(camera.set_parameters({ pattern: "a ! b" }, detachedInvocation()), {
    code: "BAD_ARGUMENT",
  });
  assert.equal(camera.state.state, "streaming", "what cannot be a parameter touches nothing");
  watching.abort();
  await watched;
  assert.deepEqual([...new Set(widths)], [320, 160]);
});
