import { dirname, join } from "node:path";
import { now } from "../../src/base/clock.ts";
import type { RecordingSummary } from "../../src/recording/ledger/ledger.ts";
import type { RecordOptions } from "../../src/recording/write/event-file.ts";
import { VideoRecorder } from "../../src/recording/write/video-recorder.ts";
import type { VideoRecorderOptions } from "../../src/recording/write/video-recorder-options.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { newPath } from "./recordings.ts";

/** A film of an event that was closed. */
export interface Film {
  readonly path: string;
  readonly summary: RecordingSummary;
}

/** A camera whose time passes as fast as a test lets it: 30 frames a second, from a minute ago. */
export class SteppedCamera {
  readonly stream = new MJPEGStream({ name: "camera" });
  readonly start = now() - 60_000;
  readonly #jpeg: (index: number) => Uint8Array;
  #index = 0;

  constructor(jpeg: (index: number) => Uint8Array) {
    this.#jpeg = jpeg;
  }

  /** Seconds since the first frame. */
  get time(): number {
    return (Math.max(this.#index, 1) - 1) / 30;
  }

  /** The clock that stamps the frames. */
  readonly clock = () => this.start + this.time * 1000;

  /** Adds frames until this second. */
  playTo(second: number): void {
    while (this.#index === 0 || this.time < second - 1e-6) {
      const capturedAt = this.start + (this.#index * 1000) / 30;
      this.stream.addFrame(this.#jpeg(this.#index), { capturedAt });
      this.#index += 1;
    }
  }
}

/** A recorder on a camera, and the films that it has closed. */
export async function recorderOf(camera: SteppedCamera, more: Partial<VideoRecorderOptions> = {}) {
  const folder = dirname(await newPath());
  let count = 0;
  const recorder = new VideoRecorder({
    camera: camera.stream,
    clock: camera.clock,
    filenameGenerator: () => join(folder, `event${++count}.mkv`),
    windowSizeSec: 2,
    ...more,
  });
  const films: Film[] = [];
  const onVideoFinished: RecordOptions["onVideoFinished"] = (path, summary) => {
    films.push({ path, summary });
  };
  return { recorder, films, record: () => recorder.record({ maxDelaySec: 5, onVideoFinished }) };
}
