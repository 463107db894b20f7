// Our Worker, whose handler does nothing, and our Receiver: `node ours.js SOURCE SECONDS` prints how many frames a second came.
import { setTimeout as after } from "node:timers/promises";
import { Receiver } from "../../src/adapters/pystreaming/receiver.ts";
import { Worker } from "../../src/adapters/pystreaming/worker.ts";

const WARM_UP_MS = 1000;

const [source = "", seconds = ""] = process.argv.slice(2);
const receiver = new Receiver("tcp://127.0.0.1:*", { mapreduce: true });
await receiver.start();
const worker = new Worker(source, receiver.endpoint, { patienceMs: 1000 });
await worker.start();
let frames = 0;
void (async () => {
  for await (const _ of receiver.handler) frames++;
})();
void (async () => {
  for await (const packet of worker.handler) await worker.send(packet);
})();
await after(WARM_UP_MS);
const [before, began, cpu] = [frames, performance.now(), process.cpuUsage()];
await after(Number(seconds) * 1000);
const count = frames - before;
const { user, system } = process.cpuUsage(cpu);
const per_second = (count * 1000) / (performance.now() - began);
const { missing } = receiver.counts;
console.log(JSON.stringify({ per_second, cpu_us_per_request: (user + system) / count, missing }));
process.exit();
