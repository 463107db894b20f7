import type { TestContext } from "node:test";
import { type MJPEGStream, stream, Thing } from "thingscope";
import { served } from "../server/thing-bench.ts";

class Camera extends Thing {
  @stream("Live view")
  readonly live: MJPEGStream;

  constructor(live: MJPEGStream) {
    super();
    this.live = live;
  }
}

/** A server of one Thing with one stream, `/camera/live`. */
export async function serveStream(
  t: TestContext,
  live: MJPEGStream,
): Promise<{ url: string; port: number }> {
  const { url, port } = await served(t, { camera: new Camera(live) });
  return { url: `${url}/camera/live`, port };
}
