import { delay } from "../../src/base/abort.ts";
import type { FrameSource, SourceFrame } from "../../src/frames/frame-source.ts";
import type { FeedOptions } from "../../src/streams/feed-options.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { feed } from "../../src/streams/source-runner.ts";
import { picture } from "./pictures.ts";

/** A camera that counts how often it is open. */
export class Camera {
  opened = 0;
  open = 0;
  periodMs = 5;
  fault: (n: number) => void = () => {};

  async *frames(signal: AbortSignal): AsyncGenerator<SourceFrame> {
    this.opened += 1;
    this.open += 1;
    try {
      for (let n = 0; !signal.aborted; n++) {
        this.fault(n);
        yield { jpeg: picture(n) };
        await delay(this.periodMs, signal);
      }
    } finally {
      this.open -= 1;
    }
  }
}

/** A source that is fed into a stream, and the states that were told. */
export function fed(camera: FrameSource, options: FeedOptions = {}) {
  const states: string[] = [];
  const stream = new MJPEGStream();
  const feeding = feed(stream, camera, {
    lingerMs: 20,
    backOffMs: 10,
    onState: (state, reason) => states.push(reason ? `${state}: ${reason}` : state),
    ...options,
  });
  return { stream, feeding, states };
}
