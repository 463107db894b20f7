import type { TestContext } from "node:test";
import { MJPEGStream, stream, Thing } from "thingscope";
import { served } from "../thing-bench.ts";

/** A Thing with two streams, of which the other takes one viewer. */
export class TwoStreams extends Thing {
  @stream("One")
  readonly live = new MJPEGStream();

  @stream("Another")
  readonly other = new MJPEGStream({ maxViewers: 1 });
}

/** It is served as `camera`. */
export async function twoStreams(t: TestContext, server = {}) {
  const thing = new TwoStreams();
  return { thing, live: thing.live, ...(await served(t, { camera: thing }, { server })) };
}
