// `node member.js NATS` serves a Thing as a member of a fleet, answers bare requests of NATS beside it, and prints its address.
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { connect } from "@nats-io/transport-node";
import { action, logTo, Thing, ThingHost, ThingServer } from "thingscope";
import { Fleet } from "thingscope/fleet";
import { Type } from "typebox";

const Terms = Type.Object({ a: Type.Number(), b: Type.Number() });

class Bench extends Thing {
  @action("Add, and answer with the sum", {
    ...{ input: Terms, output: Type.Number(), synchronous: true },
  })
  async sum({ a, b }: { a: number; b: number }): Promise<number> {
    return a + b;
  }
}

const [, , nats = ""] = process.argv;
const folder = await mkdtemp(join(tmpdir(), "thingscope-bench-"));
const log = logTo((level, message) => console.error(`${level}: ${message}`));
const host = new ThingHost({ log, settingsFolder: folder });
host.add("bench", new Bench());
const fleet = new Fleet({ servers: [nats], name: "bench" }, { folder, log });
const { url } = await new ThingServer(host, { fleet }).listen({ port: 0 });
await fleet.joined;
const bare = await connect({ servers: nats });
bare.subscribe("bare.sum", {
  callback(_, message) {
    const { a, b } = message.json<{ a: number; b: number }>();
    message.respond(JSON.stringify(a + b));
  },
});
await bare.flush();
process.on("SIGTERM", () => process.exit()); // also ends what --cpu-prof writes
console.log(url);
