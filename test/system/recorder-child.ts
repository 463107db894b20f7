// A server with one camera, which is recorded whatever happens: when a recording ends by itself, the next one begins. A camera that
// is somebody else's has two Recorders in the same folder, for clients who list, export and delete, and record by the way. Its
// arguments: the folder, its port, and the address of the stream, or "own" for a camera of its own: 30 frames a second of 100 kB.
// It prints what it does as lines of JSON, frames before anything else knows of them, and obeys words on its standard input.
import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { MJPEGStream, stream, Thing, ThingHost, ThingServer } from "thingscope";
import { startRecording } from "thingscope/recording";
import { Recorder, RemoteCamera } from "thingscope/things";
import { now } from "../../src/base/clock.ts";
import type { ContinuousRecording } from "../../src/recording/write/continuous-recording.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { withComment } from "../streams/pictures.ts";

class OwnCamera extends Thing {
  @stream("30 frames a second") readonly mjpeg_stream = new MJPEGStream();

  async play(): Promise<void> {
    const jpeg = await jpegOf(640, 400, { quality: 90 });
    const start = now();
    for (let n = 0; !this.isStopped; n++) {
      await sleep(start + (n * 1000) / 30 - now());
      this.mjpeg_stream.addFrame(withComment(jpeg, `frame ${n}`));
    }
  }

  isStopped = false;
}

const tell = (what: object) => console.log(JSON.stringify(what));
const [folder = "", port, source = ""] = process.argv.slice(2);
let current: ContinuousRecording | undefined;
let told: ContinuousRecording | undefined;
let isEnding = false;
/** Of the next recording. */
let quotaBytes: number | undefined;
const host = new ThingHost();
const own = source === "own" ? new OwnCamera() : undefined;
const camera = own ?? new RemoteCamera({ url: source, silence_ms: 1000 });
host.add("camera", camera);
const recorders = own ? [] : ["recorder", "other"];
for (const name of recorders) {
  const recorder = new Recorder({ folder, reserve_mb: 0 });
  recorder.armed = false;
  host.add(name, recorder, { slots: { camera: "camera" } });
}
camera.mjpeg_stream.onFrame(({ run, index, capturedAt, jpeg }) => {
  tell({ frame: { run, index, capturedAt, crc: crc32(jpeg) } });
  tellOfEnding();
});
const server = new ThingServer(host);
await server.listen({ port: Number(port) });
for (const name of recorders) await host.openThing(name);

/** What a recording with little room has. */
const LITTLE_BYTES = 1_500_000;

function bytesIn(path: string): number {
  const sizes = readdirSync(path).map((name) => statSync(join(path, name)).size);
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** A disk that fails may keep a recording from being closed for seconds, in which this process may be killed. */
function tellOfEnding(): void {
  if (current === told || current?.endReason === undefined) return;
  tell({ ending: current.endReason });
  told = current;
}

async function recordOn(): Promise<void> {
  for (let take = 1; !isEnding; take++) {
    const path = join(folder, `take-${process.pid}-${take}.mkv`);
    const limits = { splitSec: 5, maxQueuedBytes: 4_000_000, reserveBytes: 0, quotaBytes };
    quotaBytes = undefined;
    try {
      current = await startRecording({ camera, path, ...limits });
      tell({ opened: path });
      const { ended, captured, written, dropped } = await current.ended;
      tell({ ended, captured, written, dropped });
    } catch (error) {
      tell({ refused: String(error) });
    }
    if (!isEnding) await sleep(100);
  }
}

const recorded = recordOn();
const played = own?.play();
for await (const word of createInterface(process.stdin)) {
  if (word === "new run") camera.mjpeg_stream.reset();
  else if (word === "little room") {
    quotaBytes = bytesIn(folder) + LITTLE_BYTES;
    await current?.stop();
  } else if (word === "block") for (const end = now() + 500; now() < end; );
  else if (word === "stop") break;
}
isEnding = true;
if (own) own.isStopped = true;
await played;
await current?.stop();
await recorded;
await server.close();
process.exit(0);
