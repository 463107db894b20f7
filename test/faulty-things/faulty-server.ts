// A server of a healthy camera and its recorder, beside a FaultyThing for each fault and a FaultyCamera for each fault of a
// source. It tells by IPC where it is, each error that nothing caught, and how it closed. Its argument is JSON.
import { type Log, logTo, ThingHost, ThingServer } from "thingscope";
import { FilersServer } from "thingscope/filers";
import {
  FAULT_KINDS,
  FAULT_PLACES,
  type Fault,
  FaultyCamera,
  FaultyThing,
} from "thingscope/testing";
import { Recorder } from "thingscope/things";
import { ThorVisionServer } from "thingscope/thorvision";
import { noteUncaught } from "../../src/core/running.ts";

/** What the server is started with. */
export interface ServerArguments {
  readonly folder: string;
  readonly webhookHost: string;
  readonly blocksMs: number;
}

/** What it tells. */
export interface Told {
  readonly url?: string;
  readonly uncaught?: string;
  readonly closedInMs?: number;
  /** Bytes of log, and its lines. */
  readonly logged?: { readonly bytes: number; readonly lines: number };
}

/** Every fault that a Thing can have once it was made, by the name of the Thing that has it. */
export function faultsByName(blocksMs: number): ReadonlyMap<string, Fault> {
  const places = FAULT_PLACES.filter((at) => at !== "constructor");
  const faults = places.flatMap((at) => FAULT_KINDS.map((kind) => ({ at, kind, blocksMs })));
  return new Map(faults.map((fault) => [`${fault.at}_${fault.kind}`, fault]));
}

const tell = (told: Told) => void process.send?.(told);

async function serve({ folder, webhookHost, blocksMs }: ServerArguments): Promise<void> {
  const note = (error: unknown) => {
    // As the command line does: what a Thing leaves behind is noted with it, and is no fault of the server's own.
    if (noteUncaught(error)) return;
    tell({ uncaught: error instanceof Error ? String(error.stack) : String(error) });
  };
  process.on("uncaughtException", note);
  process.on("unhandledRejection", note);
  const logged = { bytes: 0, lines: 0 };
  const log: Log = logTo((_, message, fields) => {
    logged.bytes += message.length + (fields ? JSON.stringify(Object.keys(fields)).length : 0);
    logged.lines += 1;
  });
  const host = new ThingHost({
    settingsFolder: `${folder}/settings`,
    logFolder: `${folder}/logs`,
    openWithinMs: 3000,
    closeWithinMs: 1000,
    log,
  });
  // So small that the kernel holds more than a second of them for a viewer that stands in line for a processor so long.
  host.add("camera", new FaultyCamera({ keep_warm: true, width: 64, height: 48 }));
  const recorder = new Recorder({ folder: `${folder}/recordings`, reserve_mb: 1 });
  host.add("recorder", recorder, { slots: { camera: "camera" } });
  await host.open(); // these have the limit above to themselves: it is that short for the others' sake
  for (const [name, fault] of faultsByName(blocksMs)) host.add(name, new FaultyThing(fault));
  for (const fault of FAULT_KINDS) host.add(`camera_${fault}`, new FaultyCamera({ fault }));
  const cameras = ["camera", ...FAULT_KINDS.map((fault) => `camera_${fault}`)];
  host.add("thorvision", new ThorVisionServer({ port: 0 }), { slots: { cameras } });
  host.add("filers", new FilersServer({ port: 0 }), { slots: { camera: "camera_throws" } });
  const server = new ThingServer(host, { webhooks: { allowedHosts: [webhookHost] } });
  process.on("message", async () => {
    const start = performance.now();
    await server.close();
    tell({ closedInMs: performance.now() - start, logged });
    process.disconnect();
  });
  tell({ url: (await server.listen({ port: 0 })).url });
}

if (process.send) await serve(JSON.parse(process.argv[2]!));
