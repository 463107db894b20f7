import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  action,
  Blob,
  blobSchema,
  delay,
  event,
  type Invocation,
  MJPEGStream,
  property,
  type ServerOptions,
  stream,
  Thing,
  ThingEvent,
  ThingHost,
  ThingServer,
} from "thingscope";
import { Type } from "typebox";

const Scan = Type.Object({
  steps: Type.Integer({ minimum: 1 }),
  label: Type.Optional(Type.String()),
});

/** A Thing with one of everything, for tests of clients. */
export class Instrument extends Thing {
  static override readonly title = "Test instrument";
  static override readonly description = "An instrument for tests.";
  /** Whether an action is under way. */
  busy = false;
  @property("Exposure time", Type.Integer({ minimum: 0, maximum: 1000, unit: "ms" }))
  accessor exposure = 100;
  @property("Label", Type.Union([Type.String(), Type.Null()])) accessor label: string | null = "x";
  @property("Pixel pitch", Type.Number({ unit: "um" })) get pitch(): number {
    return 2.5;
  }
  @event("The stage has moved", Type.Object({ x: Type.Integer() }))
  readonly moved = new ThingEvent<{ x: number }>();
  @stream("Live view") readonly live = new MJPEGStream();

  @action("Scan the slide", { input: Scan, output: Type.Array(Type.Integer()) })
  async scan({ steps }: { steps: number }, run: Invocation): Promise<number[]> {
    const seen: number[] = [];
    for (let step = 1; step <= steps; step++) {
      run.log.info(`step ${step}`);
      run.progress(step / steps, `step ${step} of ${steps}`);
      await delay(30, run.signal);
      seen.push(step);
    }
    return seen;
  }
  @action("Wait until cancelled") async wait(_: object, run: Invocation): Promise<void> {
    this.busy = true;
    await delay(60_000, run.signal).finally(() => {
      this.busy = false;
    });
  }
  @action("Fail") async fail(): Promise<void> {
    throw new RangeError("The lamp is out of film.");
  }
  @action("Give zero", { output: Type.Integer() }) async zero(): Promise<number> {
    return 0;
  }
  @action("Take a picture", { output: blobSchema("text/plain") }) async picture(): Promise<Blob> {
    return Blob.fromBytes(new TextEncoder().encode("a picture"), "text/plain");
  }
  @action("Measure a picture", {
    input: Type.Object({ picture: blobSchema("text/plain") }),
    output: Type.Integer(),
  })
  async measure({ picture }: { picture: Blob }): Promise<number> {
    return (await picture.bytes()).length;
  }
  @action("Move", { input: Type.Object({ x: Type.Integer() }) })
  async move({ x }: { x: number }): Promise<void> {
    this.moved.emit({ x });
  }
}

/** The types of `Instrument`, as a script would have them. */
export interface InstrumentTypes {
  properties: { exposure: number; label: string | null; readonly pitch: number };
  actions: {
    scan: { input: { steps: number; label?: string }; output: number[] };
    wait: { input: undefined; output: undefined };
    fail: { input: undefined; output: undefined };
    zero: { output: number };
    move: { input: { x: number } };
  };
  events: { moved: { x: number } };
}

/** A running server with one instrument. */
export interface Lab extends AsyncDisposable {
  readonly instrument: Instrument;
  readonly server: ThingServer;
  readonly origin: string;
  /** Of the instrument's Thing Description. */
  readonly url: string;
}

export async function openLab(options: ServerOptions = {}): Promise<Lab> {
  const settingsFolder = await mkdtemp(join(tmpdir(), "thingscope-"));
  const host = new ThingHost({ settingsFolder });
  const instrument = new Instrument();
  host.add("instrument", instrument);
  const server = new ThingServer(host, options);
  const { url } = await server.listen({ port: 0 });
  return {
    instrument,
    server,
    origin: url,
    url: `${url}/instrument/`,
    [Symbol.asyncDispose]: async () => {
      await server.close();
      await rm(settingsFolder, { recursive: true });
    },
  };
}
