// N1, in process: how long after a frame the last of 100 waiters runs. Prints one line of JSON.

import { readFileSync } from "node:fs";
import { setImmediate as nextTurn } from "node:timers/promises";
import { MJPEGStream } from "../src/index.ts";
import { frameFile } from "./frames.ts";
import { quantiles } from "./quantiles.ts";

const WAITERS = 100;
const ROUNDS = 3000;
const WARM_UP_ROUNDS = 1000;

const stream = new MJPEGStream();
const jpeg = readFileSync(await frameFile(20_000));
let published = 0;
stream.onFrame(() => {
  published = performance.now();
});

const microseconds: number[] = [];
for (let round = 0; round < ROUNDS; round++) {
  let last = 0;
  const ran = () => {
    last = performance.now();
  };
  const waits = Array.from({ length: WAITERS }, () => stream.nextFrame().then(ran));
  await nextTurn();
  stream.addFrame(jpeg);
  await Promise.all(waits);
  if (round >= WARM_UP_ROUNDS) microseconds.push((last - published) * 1000);
}
console.log(JSON.stringify(quantiles(microseconds)));
