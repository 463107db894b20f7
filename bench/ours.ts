// The server under test: `node ours.js FRAME.jpg FPS` serves one camera and prints the stream's address.
import { readFileSync } from "node:fs";
import { logTo, MJPEGStream, stream, Thing, ThingHost, ThingServer } from "../src/index.ts";
import { stamp } from "./frames.ts";

interface BenchCameraOptions {
  /** Path of the JPEG that is stamped and shown over and over. */
  readonly frame: string;
  /** Frames a second; 0 is a frame whenever a viewer has taken the last. */
  readonly fps: number;
}

class BenchCamera extends Thing {
  @stream("One picture, stamped with the time at which it enters the stream")
  readonly live = new MJPEGStream();

  readonly #jpeg: Buffer;
  readonly #fps: number;
  #sequence = 0;

  constructor({ frame, fps }: BenchCameraOptions) {
    super();
    this.#jpeg = readFileSync(frame);
    this.#fps = fps;
  }

  override open(): void {
    if (this.#fps > 0) this.#pace(1000 / this.#fps);
    else this.#saturate();
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
    if (this.live.viewers.hasReadyViewer) this.#addFrame();
    setImmediate(() => this.#saturate());
  }

  #addFrame(): void {
    stamp(this.#jpeg, ++this.#sequence);
    this.live.addFrame(this.#jpeg);
  }
}

const [frame = "", fps = "30"] = process.argv.slice(2);
const log = logTo((level, message) => console.error(`${level}: ${message}`));
const host = new ThingHost({ log });
host.add("camera", new BenchCamera({ frame, fps: Number(fps) }));
const { url } = await new ThingServer(host).listen({ port: 0 });
console.log(`${url}/camera/live`);
