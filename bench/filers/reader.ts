// Plays what a sender sends: `node reader.js PORT WARM_UP_SECONDS SECONDS`. Prints when it has warmed up, and what came in the
// time after, as JSON.
import { connect } from "node:net";
import {
  MessageReader,
  messageBytes,
  messageText,
  parseMessage,
} from "../../src/adapters/filers/index.ts";
import { now } from "../../src/index.ts";

const [port = 0, warmUp = 0, seconds = 0] = process.argv.slice(2).map(Number);
const reader = new MessageReader({ text: 64 * 1024, binary: 2 ** 27 });
const ages: number[] = [];
let [bytes, first, last, began] = [0, -1, -1, 0];

const socket = connect({ host: "127.0.0.1", port });
socket.write(messageBytes(messageText("started_playing", null)));
socket.on("data", (chunk) => {
  for (const { text, binary } of reader.messages(chunk)) {
    const { name, value } = parseMessage(text);
    if (name !== "image" || !began) continue;
    const { t, count } = (value as unknown[])[4] as { t: number; count: number };
    if (first < 0) first = count;
    last = count;
    bytes += binary.length;
    ages.push(now() - t * 1000);
  }
});

setTimeout(() => {
  began = performance.now();
  console.log("warm");
}, warmUp * 1000);

setTimeout(
  () => {
    const duration = (performance.now() - began) / 1000;
    ages.sort((a, b) => a - b);
    const age = (share: number) => Math.round(1000 * (ages[Math.floor(share * ages.length)] ?? -1));
    console.log(
      JSON.stringify({
        ...{ bytes, frames: ages.length, fps_min: ages.length / duration },
        skipped: last - first + 1 - ages.length,
        ...{ mbps: bytes / duration / 1e6, p50_us: age(0.5), p99_us: age(0.99) },
      }),
    );
    process.exit(0);
  },
  (warmUp + seconds) * 1000,
);
