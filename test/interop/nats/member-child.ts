// A server of a fleet in a process of its own: `{"options": {...}, "aheadMs": 250}` says which, and how far its wall clock is ahead.
import { logTo, ThingHost, ThingServer } from "thingscope";
import { Fleet } from "thingscope/fleet";
import { SimulatedStage, TestCamera } from "thingscope/things";
import { wallClock } from "../../../src/base/wall-clock.ts";

const { options, folder, aheadMs = 0, port = 5000 } = JSON.parse(process.argv[2]!);
if (aheadMs !== 0) wallClock.readFrom(() => Date.now() + aheadMs);
const host = new ThingHost({ settingsFolder: folder, log: logTo((_, line) => console.log(line)) });
host.add("camera", new TestCamera());
host.add("stage", new SimulatedStage());
const fleet = new Fleet(options, { folder, log: host.log });
const server = new ThingServer(host, { fleet, insecureNoAuth: true });
const { port: bound } = await server.listen({ host: "0.0.0.0", port });
console.log(`LISTENS ${bound}`);
await fleet.joined;
console.log("JOINED");
