// The server under test: `node ours.js FRAME.jpg FPS [--notify | --until-told]` serves one camera and prints the stream's address.
// It runs in for a moment, see run-in.ts, or until SIGUSR2. With --notify a second Thing announces each frame as a property.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as after } from "node:timers/promises";
import { Type } from "typebox";
import {
  logTo,
  MJPEGStream,
  property,
  stream,
  Thing,
  ThingHost,
  ThingServer,
} from "../src/index.ts";
import { stamp } from "./frames.ts";
import { RUN_IN_SECONDS } from "./run-in.ts";

interface BenchCameraOptions {
  /** Path of the JPEG that is stamped and shown over and over. */
  readonly frame: string;
  /** Frames a second; 0 is a frame whenever a viewer has taken the last. */
  readonly fps: number;
  /** Resolves when it has run in. */
  readonly runIn: () => Promise<unknown>;
}

class BenchCamera extends Thing {
  @stream("One picture, stamped with the time at which it enters the stream")
  readonly live = new MJPEGStream({ maxViewers: 2000 });

  readonly #jpeg: Buffer;
  readonly #fps: number;
  readonly #runIn: () => Promise<unknown>;
  #sequence = 0;
  #saturated = true;

  constructor({ frame, fps, runIn }: BenchCameraOptions) {
    super();
    this.#runIn = runIn;
    this.#jpeg = readFileSync(frame);
    this.#fps = fps;
  }

  /** Frames as fast as viewers take them at first, and then at the rate that was asked for. */
  async run(): Promise<void> {
    this.#saturate();
    await this.#runIn();
    if (this.#fps === 0) return;
    this.#saturated = false;
    this.#pace(1000 / this.#fps);
  }

  /** One frame each `periodMs`, without drift. */
  #pace(periodMs: number): void {
    let due = performance.now();
    const turn = () => {
      this.#addFrame();
      due += periodMs;
      setTimeout(turn, Math.max(0, due - performance.now()));
    };
    turn();
  }

  #saturate(): void {
    if (!this.#saturated) return;
    if (this.live.viewers.hasReadyViewer) this.#addFrame();
    setImmediate(() => this.#saturate());
  }

  #addFrame(): void {
    stamp(this.#jpeg, ++this.#sequence);
    this.live.addFrame(this.#jpeg);
  }
}

class FrameClock extends Thing {
  @property("When the newest frame was captured, epoch ms", Type.Number(), { observable: true })
  accessor newest = 0;
}

const [frame = "", fps = "30", option] = process.argv.slice(2);
const runIn = () =>
  option === "--until-told" ? once(process, "SIGUSR2") : after(RUN_IN_SECONDS * 1000);
const log = logTo((level, message) => console.error(`${level}: ${message}`));
const host = new ThingHost({ log });
const camera = new BenchCamera({ frame, fps: Number(fps), runIn });
host.add("camera", camera);
if (option === "--notify") {
  const clock = new FrameClock();
  host.add("clock", clock);
  camera.live.onFrame(({ capturedAt }) => {
    clock.newest = capturedAt;
  });
}
const { url } = await new ThingServer(host, { maxConnections: 2500 }).listen({ port: 0 });
console.log(`${url}/camera/live`);
await camera.run();
