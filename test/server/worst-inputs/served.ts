import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ThingHost, ThingServer } from "thingscope";
import { Autofocus, Recorder, SimulatedCamera, SimulatedStage } from "thingscope/things";
import type { TSchema } from "typebox";
import { createToken } from "../../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../../src/server/access/login/accounts-file.ts";
import { SimulatedOptics } from "../../../things/optics/simulated-optics.ts";
import { cpuMs } from "../../elapsed.ts";
import { patience } from "../../limits.ts";
import { memoryHeldWithin, memorySettled } from "../../memory.ts";

/** A row of the table of routes, as it can be told to another process. */
export interface ToldRoute {
  readonly method: string;
  readonly path: string;
  readonly query: readonly string[];
  readonly takesBody: boolean;
  readonly schema: TSchema | undefined;
}

export interface Served {
  readonly port: number;
  readonly token: string;
  readonly routes: readonly ToldRoute[];
  readonly actions: readonly string[];
}

/** Since it was last asked for. */
export interface Measured {
  /** The most that one turn of the event loop took of the processor, ms. */
  readonly longestTickMs: number;
  /** What a body of a mebibyte takes to parse and write, ms of the processor: how fast this machine was at the slowest. */
  readonly referenceMs: number;
  /** Bytes held after garbage was collected, where that was asked for. */
  readonly held: number;
}

const SAMPLE_MS = 4;
let [longest, last] = [0, cpuMs()];

function sample(): void {
  const at = cpuMs();
  longest = Math.max(longest, at - last - SAMPLE_MS);
  last = at;
}

/** What is to be told of memory: nothing, what is held when it falls no more, or as soon as it is so little, bytes. */
export type MemoryAsked = "nothing" | "settled" | number;

async function measured(memory: MemoryAsked): Promise<Measured> {
  sample();
  const longestTickMs = longest;
  if (memory !== "nothing" || longestTickMs > 150) reference();
  const held = await heldAs(memory);
  [longest, last] = [0, cpuMs()];
  return { longestTickMs, referenceMs, held };
}

async function heldAs(memory: MemoryAsked): Promise<number> {
  if (memory === "nothing") return 0;
  return memory === "settled" ? memorySettled() : memoryHeldWithin(memory);
}

let referenceMs = 0;

function reference(): void {
  const from = cpuMs();
  JSON.stringify(JSON.parse(`[${"[],".repeat(340_000)}0]`));
  referenceMs = Math.max(referenceMs, cpuMs() - from);
}

const folder = await mkdtemp(join(tmpdir(), "thingscope-worst-"));
const host = new ThingHost({
  settingsFolder: join(folder, "settings"),
  invocations: { maxFinishedBytes: 2 ** 20 },
});
const camera = new SimulatedCamera();
host.add("camera", camera);
host.add("stage", new SimulatedStage());
host.add("autofocus", new Autofocus());
host.add("recorder", new Recorder({ folder: join(folder, "recordings"), pre_roll_mb: 2 }));
const { token } = await createToken(new AccountsFile(folder), {
  role: "admin",
  days: 1,
  name: "tester",
});
const server = new ThingServer(host, {
  login: { folder },
  webhooks: { allowedHosts: ["127.0.0.1:9"] },
});
const { port } = await server.listen({ port: 0 });
await new SimulatedOptics().whole(); // the slide is made once, which takes a busy machine long, and is no growth
await camera.mjpeg_stream.grab(patience());
const routes = server.routes.map(
  ({ method, path, query = {}, request }): ToldRoute => ({
    method,
    path,
    query: Object.keys(query),
    takesBody: request !== undefined || method === "POST" || method === "PUT",
    schema: request?.schema,
  }),
);
const actions = [...host.things.values()].flatMap(({ model }) => [...model.actions.keys()]);
setInterval(sample, SAMPLE_MS).unref();
process.on("message", ({ memory }: { memory: MemoryAsked }) => {
  void measured(memory).then((all) => process.send?.(all));
});
process.on("disconnect", () => void server.close().finally(() => process.exit()));
process.send?.({ port, token, routes, actions } satisfies Served);
