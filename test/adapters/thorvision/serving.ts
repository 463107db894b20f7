import { createSocket } from "node:dgram";
import { once } from "node:events";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { Camera, type FrameSource, type Log, property, ThingHost } from "thingscope";
import { ThorVisionServer, type ThorVisionServerOptions } from "thingscope/thorvision";
import { Type } from "typebox";
import { Elapsed } from "../../elapsed.ts";
import { jpegOf } from "../../frames/jpegs.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

const JPEG = await jpegOf(320, 240);

/** A camera with a digital input, whose frames come at a rate that nobody is told, until it is unplugged. */
export class UntoldCamera extends Camera {
  readonly #jpeg: Uint8Array;
  protected readonly fps: number;
  isUnplugged = false;

  @property("Levels of the digital inputs", Type.Integer()) accessor ttl_in = 5;

  constructor({ fps = 30, jpeg = JPEG }: { fps?: number; jpeg?: Uint8Array } = {}) {
    super();
    this.fps = fps;
    this.#jpeg = jpeg;
  }

  protected override source(): FrameSource {
    return { frames: (signal) => this.#frames(signal) };
  }

  async *#frames(signal: AbortSignal) {
    const beganAt = performance.now();
    for (let n = 0; !signal.aborted; n++) {
      if (this.isUnplugged) throw new Error("The cable is out.");
      yield { jpeg: this.#jpeg };
      await sleep(Math.max(0, beganAt + ((n + 1) * 1000) / this.fps - performance.now()));
    }
  }
}

/** The same, which says its rate: on a busy machine another one may be measured. */
export class PulseCamera extends UntoldCamera {
  get mode() {
    return { framerate: this.fps };
  }
}

/** What a server answered. */
export interface Answer {
  readonly status: number;
  readonly body: unknown;
  /** ms, without waits for a processor */
  readonly took: number;
}

/** A ThorVision server with cameras, that ends with its test. */
export async function thorVisionFor(
  t: TestContext,
  cameras: Readonly<Record<string, Camera>> = { left: new PulseCamera() },
  { log, ...options }: ThorVisionServerOptions & { log?: Log } = {},
) {
  const settingsFolder = await temporaryFolder("thingscope-thorvision-");
  const host = new ThingHost({ settingsFolder, ...(log && { log }) });
  for (const [name, camera] of Object.entries(cameras)) host.add(name, camera);
  const thing = new ThorVisionServer({ port: 0, ...options });
  const hosted = host.add("thorvision", thing);
  await host.open();
  t.after(() => host.close());
  if (hosted.state !== "open") throw new Error(hosted.reason);
  const [, port = ""] = /:(\d+)$/.exec(thing.address) ?? [];
  return { host, thing, port: Number(port), ask: asking(Number(port)) };
}

/** Asks a server at a port of this machine. */
export function asking(port: number) {
  return async (path: string, body?: unknown): Promise<Answer> => {
    const elapsed = new Elapsed();
    const response = await fetch(`http://127.0.0.1:${port}${path}`, {
      ...(body !== undefined && {
        ...{ method: "POST", body: JSON.stringify(body) },
        headers: { "Content-Type": "application/json" },
      }),
    });
    const text = await response.text();
    const isJson = response.headers.get("content-type") === "application/json";
    const took = elapsed.ms;
    return { status: response.status, body: isJson ? JSON.parse(text) : text, took };
  };
}

/** A UDP port that nobody has now. */
export async function freeUdpPort(): Promise<number> {
  const socket = createSocket("udp4");
  socket.bind(0, "127.0.0.1");
  await once(socket, "listening");
  const { port } = socket.address();
  await new Promise<void>((resolve) => socket.close(resolve));
  return port;
}

/** Resolves once it holds; the test's own limit ends the wait. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await sleep(10);
}
