import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type Camera, type FrameSource, ThingHost } from "thingscope";
import { delay } from "../../src/base/abort.ts";
import type { FrameSink, RunningSource } from "../../src/frames/frame-source.ts";
import {
  DslrCamera,
  FramesCamera,
  GenicamCamera,
  HttpCamera,
  PipelineCamera,
  RaspberryPiCamera,
  RemoteCamera,
  RtspCamera,
} from "../../things/index.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "./pictures.ts";
import { eventually } from "./watching.ts";

const timeout = TEST_MS;

/** A device that gives frames while it is told to, in as many runs as it takes. */
class Device implements RunningSource {
  runs = 0;
  isSilent = false;

  async run(sink: FrameSink, signal: AbortSignal): Promise<void> {
    this.runs += 1;
    for (let n = 0; !signal.aborted; n++) {
      if (!this.isSilent) sink.take({ jpeg: picture(n) });
      await delay(20, signal);
    }
  }
}

/** Cameras on networks and those with long exposures, as they are but for what their frames come from. */
const KINDS: Readonly<Record<string, (device: Device) => Camera>> = {
  HttpCamera: (device) => new (on(device, HttpCamera))({ url: "http://127.0.0.1:1/" }),
  RemoteCamera: (device) => new (on(device, RemoteCamera))({ url: "http://127.0.0.1:1/" }),
  RtspCamera: (device) => new (on(device, RtspCamera))({ url: "rtsp://127.0.0.1:1/" }),
  FramesCamera: (device) => new (on(device, FramesCamera))(),
  GenicamCamera: (device) => new (on(device, GenicamCamera))(),
  RaspberryPiCamera: (device) => new (on(device, RaspberryPiCamera))(),
  DslrCamera: (device) => new (on(device, DslrCamera))(),
  PipelineCamera: (device) =>
    new (on(device, PipelineCamera))({ pipeline: "videotestsrc ! tee name=c", silence_ms: 5000 }),
};

/** The kind, with frames of `device`. */
function on<Kind extends new (...args: never[]) => Camera>(device: Device, kind: Kind): Kind {
  const Kind = kind as unknown as new (...args: unknown[]) => Camera;
  class WithDevice extends Kind {
    protected override source(): FrameSource {
      return device;
    }
  }
  return WithDevice as unknown as Kind;
}

test("frames that stop for a second are told at once by every kind of camera, and those that come again need no new connection", {
  timeout,
}, async (t) => {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  t.after(() => host.close());
  const devices = Object.entries(KINDS).map(([kind, create]) => {
    const device = new Device();
    const camera = create(device);
    host.add(kind, camera);
    return { kind, device, camera };
  });
  await host.open();
  await Promise.all(
    devices.map(async ({ kind, device, camera }) => {
      const told: string[] = [];
      camera.state_changed.on(({ state }) => told.push(state));
      const stream = camera.mjpeg_stream;
      const release = stream.demand.take();
      await eventually(() => stream.lastFrameIndex > 3);
      const { run } = stream;
      device.isSilent = true;
      await eventually(() => camera.state.state !== "streaming");
      const { state, reason = "" } = camera.state;
      const { lastFrameIndex } = stream;
      device.isSilent = false;
      const { lossesBefore = [], ...frame } = await stream.grab();
      assert.equal(state, "stalled", kind);
      assert.match(
        reason,
        /^The source is open but silent: frames stopped coming for \d+\.\d s\. It is opened again after \d+\.\d s\. /,
        kind,
      );
      assert.deepEqual([frame.run, frame.index, device.runs], [run, lastFrameIndex + 1, 1], kind);
      assert.deepEqual(told.slice(-2), ["stalled", "streaming"], kind);
      assert.equal(camera.state.reason, undefined, kind);
      assert.deepEqual(
        lossesBefore.map(({ what, why }) => [what, why]),
        [["outage", reason]],
      );
      assert.equal(stream.stats.outages, 1, kind);
      release();
    }),
  );
});
