import { once } from "node:events";
import { connect, type Socket } from "node:net";
import type { TestContext } from "node:test";
import { Camera, type FrameSource, type Log, ThingHost } from "thingscope";
import { FilersServer, type FilersServerOptions } from "thingscope/filers";
import { MessageReader, messageBytes } from "../../../src/adapters/filers/framing.ts";
import { eventually } from "../../streams/watching.ts";
import { folderFor } from "../../things/recorder-server.ts";

/** A camera whose frames a test adds to its stream. */
export class ManualCamera extends Camera {
  protected override source(): FrameSource {
    return {
      async *frames(signal) {
        await once(signal, "abort");
        yield* [];
      },
    };
  }

  protected override get patience() {
    return { startMs: 600_000, silenceMs: 0 };
  }
}

/** An open FilersServer on a free port, with its camera. */
export async function filersFor(
  t: TestContext,
  options: FilersServerOptions = {},
  { log, camera = new ManualCamera() }: { log?: Log; camera?: Camera } = {},
) {
  const host = new ThingHost({ settingsFolder: await folderFor(t), ...(log && { log }) });
  const server = new FilersServer({ port: 0, ...options });
  host.add("camera", camera);
  host.add("filers", server);
  await host.open();
  t.after(() => host.close());
  return { host, camera, server, port: server.port };
}

/** The same, and a client that plays. */
export async function playedFor(t: TestContext, ...how: FilersFor) {
  const filers = await filersFor(t, ...how);
  const client = new PlainClient(t, filers.port);
  client.send("started_playing");
  await eventually(() => filers.camera.mjpeg_stream.demand.active);
  return { ...filers, client };
}

type FilersFor = Parameters<typeof filersFor> extends [TestContext, ...infer How] ? How : never;

/** What a server said: a name, its value, and the bytes of a picture. */
export interface Said {
  readonly name: string;
  readonly value: unknown;
  readonly binary: Buffer;
}

/** A client that does nothing by itself, and remembers what it is told. */
export class PlainClient {
  readonly said: Said[] = [];
  readonly socket: Socket;
  readonly closed: Promise<unknown>;
  readonly #reader = new MessageReader({ text: 100_000, binary: 2 ** 27 });
  #wake: () => void = () => {};

  constructor(t: TestContext, port: number, reads = true) {
    this.socket = connect({ host: "127.0.0.1", port });
    this.closed = new Promise((resolve) => this.socket.once("close", resolve));
    this.socket.on("error", () => {}); // "close" follows
    if (reads) this.socket.on("data", (chunk) => this.#read(chunk));
    t.after(() => this.socket.destroy());
  }

  /** Sends a command in block style, as Filers' clients do. */
  send(name: string): void {
    this.socket.write(messageBytes(`- ${name}\n- null\n`));
  }

  /** Resolves with all that was said once there are so many messages of a name. */
  async heard(name: string, count = 1): Promise<Said[]> {
    for (;;) {
      const found = this.said.filter((one) => one.name === name);
      if (found.length >= count) return found;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  get names(): string[] {
    return this.said.map(({ name }) => name);
  }

  #read(chunk: Buffer): void {
    for (const { text, binary } of this.#reader.messages(chunk)) {
      const [name, value] = JSON.parse(text.toString()) as [string, unknown];
      this.said.push({ name, value, binary });
    }
    this.#wake();
  }
}
