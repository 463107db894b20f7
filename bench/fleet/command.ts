// `node command.js KIND NATS URL SECONDS` invokes an action again and again, one at a time, and prints what a round trip takes:
// by NATS (`ours`), by HTTP (`http`), or a bare request of nats.js (`nats`).
import { connect } from "@nats-io/transport-node";
import { abortable } from "thingscope";
import { FleetClient } from "thingscope/fleet";
import { quantiles } from "../quantiles.ts";

const WARM_UP = 500;
const BODY = JSON.stringify({ a: 2, b: 3 });
const POST = { method: "POST", body: BODY, headers: { "content-type": "application/json" } };

const [, , kind = "", nats = "", url = "", seconds = "1"] = process.argv;
const command = await commandOf();
for (let n = 0; n < WARM_UP; n++) await command();
const times: number[] = [];
const began = performance.now();
for (let at = began; at - began < Number(seconds) * 1000; ) {
  const answer = await command();
  if (answer !== "5") throw new Error(`The answer is ${answer}`);
  const end = performance.now();
  times.push(end - at);
  at = end;
}
const { p50, p99 } = quantiles(times);
const per_second = (times.length / (performance.now() - began)) * 1000;
console.log(JSON.stringify({ per_second, p50_us: p50 * 1000, p99_us: p99 * 1000 }));
process.exit();

async function commandOf(): Promise<() => Promise<string>> {
  if (kind === "nats") {
    const connection = await connect({ servers: nats });
    return async () => (await connection.request("bare.sum", BODY)).string();
  }
  if (kind === "http") return posts(fetch);
  const fleet = await FleetClient.connect({ servers: [nats] });
  const listed = new Promise<void>((resolve) => fleet.onChange(resolve));
  if (fleet.things.size === 0) await abortable(listed, AbortSignal.timeout(10_000));
  return posts(fleet.fetch);
}

function posts(by: typeof fetch): () => Promise<string> {
  return async () => (await by(`${url}/bench/sum`, POST)).text();
}
