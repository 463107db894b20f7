import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import type { TestContext } from "node:test";
import {
  action,
  Blob,
  event,
  type Invocation,
  MJPEGStream,
  property,
  type ServerOptions,
  stream,
  Thing,
  ThingError,
  ThingEvent,
  ThingHost,
  ThingServer,
} from "thingscope";
import { Type } from "typebox";
import { Mirror, type MirroringOptions, ServerOrigin } from "../../../src/adapters/mirror/index.ts";
import type { ConnectionOptions } from "../../../src/client/http.ts";
import { blobSchema } from "../../../src/files/blob.ts";
import { TestLog } from "../../../src/testing/index.ts";
import { WAIT_MS } from "../../limits.ts";
import { temporaryFolder } from "../../temporary-folder.ts";

/** A camera whose frames the test adds. */
export class Microscope extends Thing {
  static override readonly title = "Microscope";
  static override readonly types = ["Camera"];
  asked = 0;

  @stream("What it sees")
  readonly live = new MJPEGStream();

  @property("Gain", Type.Number({ minimum: 0, maximum: 10, unit: "dB" }))
  accessor gain = 1;

  @property("Its temperature, which it is asked for", Type.Number(), { readOnly: true })
  get temperature(): number {
    this.asked += 1;
    return 20 + this.asked;
  }

  @event("It has moved", Type.Object({ x: Type.Number() }))
  readonly moved = new ThingEvent<{ x: number }>();

  @action("Move", { input: Type.Object({ x: Type.Number() }), output: Type.Number() })
  async move({ x }: { x: number }, run: Invocation): Promise<number> {
    if (x < 0) throw new ThingError("NOT_READY", "The stage is at its end. Move it to the right.");
    run.progress(0.5);
    this.moved.emit({ x });
    return x;
  }

  @action("A picture", { output: blobSchema("image/jpeg") })
  async capture(): Promise<Blob> {
    return Blob.fromBytes(new Uint8Array((await this.live.grab()).jpeg), "image/jpeg");
  }
}

/** A server on a port, with its log. */
export interface Served {
  readonly server: ThingServer;
  readonly url: string;
  readonly port: number;
  readonly log: TestLog;
}

/** A server of the Things. */
export async function origin(
  t: TestContext,
  things: Readonly<Record<string, Thing>>,
  {
    port = 0,
    login,
    settings,
  }: { port?: number; login?: ServerOptions["login"]; settings?: string } = {},
): Promise<Served> {
  const log = new TestLog();
  const host = new ThingHost({
    settingsFolder: settings ?? (await temporaryFolder()),
    log: log.log,
  });
  for (const [name, thing] of Object.entries(things)) host.add(name, thing);
  const server = new ThingServer(host, { ...(login && { login }) });
  t.after(() => server.close());
  return { server, log, ...(await server.listen({ port })) };
}

/** A mirror of the server at an address, as the command makes it. */
export async function mirrorOf(
  t: TestContext,
  url: string,
  {
    connection,
    things = {},
    port = 0,
    login,
    ...options
  }: Partial<MirroringOptions> & {
    healthMs?: number;
    connection?: ConnectionOptions;
    login?: ServerOptions["login"];
    things?: Readonly<Record<string, Thing>>;
    port?: number;
  } = {},
): Promise<Served & { readonly mirror: Mirror }> {
  const log = new TestLog();
  const host = new ThingHost({ settingsFolder: await temporaryFolder(), log: log.log });
  for (const [name, thing] of Object.entries(things)) host.add(name, thing);
  const server = new ThingServer(host, { maxConnections: 5000, ...(login && { login }) });
  const mirroring = { pictures: {}, maxViewers: 5000, passesCommands: false, ...options };
  const mirror = new Mirror(new ServerOrigin(url, connection), server, {
    ...{ ...mirroring, log: log.log },
  });
  t.after(async () => {
    await mirror.close();
    await server.close();
  });
  await mirror.look(AbortSignal.timeout(WAIT_MS));
  const listening = await server.listen({ port });
  mirror.start();
  return { server, log, mirror, ...listening };
}

/** The stream `live` of a Thing of a server. */
export function liveOf({ server }: Served, thing = "microscope"): MJPEGStream {
  return server.host.get(thing).streamOf("live") as MJPEGStream;
}

/** A program at a port, in the place of an origin. */
export async function program(t: TestContext, answer: RequestListener): Promise<string> {
  const server = createServer(answer);
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
