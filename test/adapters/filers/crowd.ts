// `node crowd.js PORT COUNT PER_SECOND`: connects so often; half of them stay for a while. Prints the rate that it reached.
import { once } from "node:events";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const STAY_MS = 200;
const [port = 0, count = 0, perSecond = 0] = process.argv.slice(2).map(Number);
const began = performance.now();
const connected: Promise<unknown>[] = [];
for (let n = 0; n < count; n++) {
  const socket = connect({ host: "127.0.0.1", port });
  connected.push(once(socket, "close"));
  socket.on("error", () => {}); // refused ones are ended at once
  socket.once("connect", () => setTimeout(() => socket.destroy(), n % 2 ? 0 : STAY_MS));
  const early = began + (n * 1000) / perSecond - performance.now();
  if (early > 5) await sleep(early);
}
const seconds = (performance.now() - began) / 1000;
await Promise.all(connected);
console.log(Math.round(count / seconds));
