import { packagePath } from "../../src/base/package-root.ts";
import type { Sample } from "../load.ts";
import { runToEnd } from "../programs.ts";
import type { KindName, Length, Row } from "../row.ts";
import { LOAD_CORE } from "../servers.ts";

const TICKETS: Record<Length, number> = { smoke: 200, short: 2000, full: 10_000 };
const LOOPS = 16;
const FRAME_BYTES = 50_000;
const PATIENCE_MS = 120_000;

export const WORK_ROWS: readonly Row[] = [
  {
    ...{ id: "Q1", group: "work", isInSmoke: true },
    title: "tickets of a work queue, each with a frame of 50 kB, and bare messages of JetStream",
    kinds: ["ours", "jetstream"],
    steadyFigure: "per_second",
    measure: measureWork,
  },
];

/** Server and worker share a core, in one process; nats-server has what is left. */
async function measureWork(kind: KindName, length: Length): Promise<Sample> {
  const name = kind === "ours" ? "ours.js" : "jetstream.js";
  const script = packagePath("dist", "bench", "work", name);
  const options = [TICKETS[length], LOOPS, FRAME_BYTES].map(String);
  return JSON.parse(await runToEnd(LOAD_CORE, [process.execPath, script, ...options], PATIENCE_MS));
}
