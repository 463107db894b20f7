// `node ours.js TICKETS LOOPS BYTES` prints how many tickets a second go through a work queue: the camera's server and one worker in one process.
import { readFile } from "node:fs/promises";
import { MJPEGStream, ThingHost, ThingServer } from "thingscope";
import { Fleet } from "thingscope/fleet";
import { worker, workQueue } from "thingscope/work";
import { frameFile } from "../frames.ts";
import { startNats } from "../nats-server.ts";

const [tickets = 0, concurrency = 0, bytes = 0] = process.argv.slice(2).map(Number);
const jpeg = await readFile(await frameFile(bytes));
const nats = await startNats();
const stream = new MJPEGStream();
const queue = workQueue({ stream, hold_mb: 2000, folder: `${nats.folder}/recordings` });
const host = new ThingHost({ settingsFolder: `${nats.folder}/settings` });
host.add("work", queue);
const fleet = new Fleet(
  { servers: [nats.url], name: "bench" },
  { folder: nats.folder, log: host.log },
);
const server = new ThingServer(host, { fleet });
await server.listen({ port: 0 });
await fleet.joined;
const one = worker(() => 1, { servers: [nats.url], member: "bench", queue: "work", concurrency });
await handled(100);
const [began, cpu] = [performance.now(), process.cpuUsage()];
await handled(100 + tickets);
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpu);
await one.close();
await server.close();
await nats.stop();
console.log(
  JSON.stringify({
    per_second: tickets / seconds,
    cpu_us_per_request: (user + system) / tickets,
  }),
);

/** Adds frames until so many tickets are wanted in all, some ahead of the worker, and resolves when these are done. */
async function handled(count: number): Promise<void> {
  while (queue.sums.done < count) {
    while (queue.sums.wanted < count && queue.sums.open < 4 * concurrency) stream.addFrame(jpeg);
    await new Promise<void>((resolve) => {
      const stop = queue.result.on(() => {
        stop();
        resolve();
      });
    });
  }
}
