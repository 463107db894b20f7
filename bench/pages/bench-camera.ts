import { stream } from "../../src/core/decorators.ts";
import { Thing } from "../../src/core/thing.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";

/** A camera that shows what it is given, so that a row measures pages and server and no camera. */
export class BenchCamera extends Thing {
  @stream("Frames of the bench")
  readonly live = new MJPEGStream();
}
