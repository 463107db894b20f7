// Ours beside web servers: `node ours.js` serves a microscope and one more Thing, and prints its address.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Type } from "typebox";
import { now } from "../../src/base/clock.ts";
import {
  action,
  event,
  logTo,
  property,
  Thing,
  ThingEvent,
  ThingHost,
  ThingServer,
} from "../../src/index.ts";
import { Autofocus, SimulatedStage, TestCamera } from "../../things/index.ts";
import { NOTIFICATIONS_HZ } from "./notifications-hz.ts";

const Terms = Type.Object({ a: Type.Number(), b: Type.Number() });
type Terms = { a: number; b: number };

class Bench extends Thing {
  @property("Gain", Type.Number({ minimum: 0, maximum: 1000 }))
  accessor gain = 1;

  @property("When it was set, epoch ms", Type.Number())
  accessor newest = 0;

  @event("The time, epoch ms", Type.Object({ capturedAt: Type.Number() }))
  readonly ticked = new ThingEvent<{ capturedAt: number }>();

  @action("Add", { input: Terms, output: Type.Number() })
  async add({ a, b }: Terms): Promise<number> {
    return a + b;
  }

  @action("Add, and answer with the sum", {
    ...{ input: Terms, output: Type.Number(), synchronous: true },
  })
  async sum({ a, b }: Terms): Promise<number> {
    return a + b;
  }
}

const log = logTo((level, message) => console.error(`${level}: ${message}`));
const settingsFolder = await mkdtemp(join(tmpdir(), "thingscope-bench-"));
const host = new ThingHost({ log, settingsFolder });
host.add("camera", new TestCamera());
host.add("stage", new SimulatedStage());
host.add("autofocus", new Autofocus());
const bench = new Bench();
host.add("bench", bench);
const { url } = await new ThingServer(host).listen({ port: 0 });
process.on("SIGTERM", () => process.exit()); // also ends what --cpu-prof writes
console.log(`${url}/`);
setInterval(() => {
  bench.newest = now();
  bench.ticked.emit({ capturedAt: now() });
}, 1000 / NOTIFICATIONS_HZ);
