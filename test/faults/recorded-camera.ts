import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Thing } from "thingscope";
import { verifyRecording } from "thingscope/recording";
import { FaultyCamera, type FaultyCameraOptions, openTestHost } from "thingscope/testing";
import { Recorder } from "thingscope/things";
import { patience } from "../limits.ts";

/** How a recording ended. */
export interface Recorded {
  readonly captured: number;
  readonly written: number;
  readonly dropped: number;
  /** What `thingscope verify` says. */
  readonly sentence: string;
  readonly ok: boolean;
}

/** A camera of test frames with a recorder, in a server; all ends with the test. */
export async function recordedCamera(
  t: TestContext,
  options: FaultyCameraOptions = {},
  things: Readonly<Record<string, Thing>> = {},
) {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-faults-"));
  const camera = new FaultyCamera({ keep_warm: true, ...options });
  const kwargs = { folder, reserve_mb: 1 };
  const slots = { camera };
  const bench = await openTestHost(Recorder, { name: "recorder", kwargs, slots, things });
  t.after(async () => {
    await bench.close();
    await rm(folder, { recursive: true, force: true });
  });
  const recorder = await bench.client();
  await camera.mjpeg_stream.nextFrame(patience());
  const port = Number(new URL(bench.origin).port);
  return {
    bench,
    camera,
    recorder,
    folder,
    port,
    stream: camera.mjpeg_stream,
    begin: () => recorder.invoke("start_recording", { name: "film" }),
    async end(): Promise<Recorded> {
      const summary = Object(await recorder.invoke("stop_recording"));
      const { ok, sentence } = await verifyRecording(join(folder, "film.mkv"));
      const { captured, written, dropped } = summary;
      return { captured, written, dropped, ok, sentence };
    },
  };
}
