import { execFile } from "node:child_process";
import { promisify } from "node:util";
import type { MJPEGStream } from "thingscope";

/** Seconds of a stream, counted from its first frame. */
export class StreamSeconds {
  readonly #length: number;
  #began: number | undefined;

  /** @param length - How long one of its seconds lasts, in seconds. */
  constructor(length: number) {
    this.#length = length;
  }

  /** Starts counting with the next frame of this stream. */
  follow(stream: MJPEGStream): void {
    const stop = stream.onFrame(({ capturedAt }) => {
      this.#began = capturedAt;
      stop();
    });
  }

  /** Waits for this second, triggers, and logs when that was. */
  async trigger<Answer>(second: number, trigger: () => Answer): Promise<Answer> {
    while (this.#now() < second * this.#length) await new Promise((go) => setTimeout(go, 5));
    console.log(`trigger at second ${this.#now().toFixed(3)}`);
    return trigger();
  }

  #now(): number {
    const epochMs = performance.timeOrigin + performance.now();
    return this.#began === undefined ? 0 : (epochMs - this.#began) / 1000;
  }
}

/** Says from which second of its stream each recording is, and how long it lasts, as ffprobe sees it. */
export async function tellRecordings(paths: Iterable<string>): Promise<void> {
  const asked = ["-v", "error", "-show_entries", "format=start_time,duration", "-of", "json"];
  for (const path of paths) {
    const { stdout } = await promisify(execFile)("ffprobe", [...asked, path]);
    const { start_time, duration } = JSON.parse(stdout).format;
    console.log(`${path}: from second ${start_time}, ${duration} s`);
  }
}
