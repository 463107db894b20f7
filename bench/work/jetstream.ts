// `node jetstream.js TICKETS LOOPS` prints how many messages a second go through a work queue of JetStream, published and pulled one by one.
import {
  AckPolicy,
  jetstream,
  jetstreamManager,
  RetentionPolicy,
  StorageType,
} from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { startNats } from "../nats-server.ts";

const [tickets = 0, loops = 0] = process.argv.slice(2).map(Number);
const nats = await startNats();
const connection = await connect({ servers: nats.url });
const manager = await jetstreamManager(connection);
await manager.streams.add({
  name: "work",
  subjects: ["work"],
  retention: RetentionPolicy.Workqueue,
  storage: StorageType.File,
});
await manager.consumers.add("work", { durable_name: "workers", ack_policy: AckPolicy.Explicit });
const js = jetstream(connection);
const body = JSON.stringify({ ticket: "x".repeat(100) });
let [published, done] = [0, 0];
let wake = () => {};
let limit = 0;
for (let n = 0; n < loops; n++) work().catch(() => {}); // in the end NATS is stopped
await handled(100);
const [began, cpu] = [performance.now(), process.cpuUsage()];
await handled(100 + tickets);
const seconds = (performance.now() - began) / 1000;
const { user, system } = process.cpuUsage(cpu);
console.log(
  JSON.stringify({
    per_second: tickets / seconds,
    cpu_us_per_request: (user + system) / tickets,
  }),
);
await nats.stop();
process.exit();

async function work(): Promise<void> {
  const consumer = await js.consumers.get("work", "workers");
  for (;;) {
    const message = await consumer.next({ expires: 5000 });
    if (!message) continue;
    await message.ackAck();
    done += 1;
    wake();
  }
}

async function handled(count: number): Promise<void> {
  limit = count;
  while (done < limit) {
    while (published < limit && published - done < 4 * loops) {
      published += 1;
      void js.publish("work", body);
    }
    await new Promise<void>((resolve) => {
      wake = resolve;
    });
  }
}
