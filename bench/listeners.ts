// Over loopback: `node listeners.js KIND URL LISTENERS SECONDS [PID]` listens for notifications with server-sent events
// (KIND sse) or WebSocket (ws), and prints how old they are, in microseconds, and what CPU time each cost the process
// PID, as one line of JSON.
import { get } from "node:http";
import { createInterface } from "node:readline";
import { WebSocket } from "ws";
import { delay } from "../src/base/abort.ts";
import { now } from "../src/base/clock.ts";
import { cpuSeconds } from "./programs.ts";
import { quantiles } from "./quantiles.ts";

const WARM_UP_MS = 1000;

const [kind, url = "", count = "1", seconds = "1", pid = String(process.pid)] =
  process.argv.slice(2);
const ages: number[] = [];
let measuring = false;

function heard(capturedAt: number): void {
  if (measuring) ages.push((now() - capturedAt) * 1000);
}

function listenToEvents(): void {
  get(url, (response) => {
    createInterface({ input: response }).on("line", (line) => {
      if (line.startsWith("data: ")) heard(JSON.parse(line.slice(6)).capturedAt);
    });
  });
}

/** From two addresses in turn: one alone may have half of the server's WebSockets. */
function listenToSocket(index: number): void {
  const socket = new WebSocket(url, { localAddress: `127.0.0.${1 + (index % 2)}` });
  const request = { messageType: "addPropertyObservation", data: { newest: {} } };
  socket.on("open", () => socket.send(JSON.stringify(request)));
  socket.on("message", (message) => {
    const { messageType, data } = JSON.parse(message.toString());
    if (messageType === "propertyStatus") heard(data.newest);
  });
}

for (let i = 0; i < Number(count); i++) (kind === "ws" ? listenToSocket : listenToEvents)(i);
await delay(WARM_UP_MS);
measuring = true;
const cpuBefore = cpuSeconds(Number(pid));
await delay(Number(seconds) * 1000);
const cpu = ((cpuSeconds(Number(pid)) - cpuBefore) * 1e6) / ages.length;
console.log(JSON.stringify({ ...quantiles(ages), heard: ages.length, cpu }));
process.exit(0);
