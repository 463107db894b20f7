// Opens connections to a server from a process of its own: `flood-child.js PORT SECONDS RATE PATH...`. Every second one asks for a
// path, and each is reset as soon as it is there. It prints how many it opened.
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

const [port, seconds, rate, ...paths] = process.argv.slice(2);
/** What it is behind with on a busy machine is caught up with little by little. */
const MOST_AT_ONCE = 100;

let opened = 0;
const start = performance.now();
while (performance.now() - start < Number(seconds) * 1000) {
  const due = (Number(rate) / 1000) * (performance.now() - start);
  for (let n = 0; n < MOST_AT_ONCE && opened < due; n++, opened++) open(opened);
  await sleep(5);
}
console.log(opened);
process.exit();

function open(n: number): void {
  const socket = connect(Number(port), "127.0.0.1").on("error", () => {});
  if (n % 2) socket.write(`GET ${paths[n % paths.length]} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
  socket.once("connect", () => setImmediate(() => socket.resetAndDestroy()));
}
