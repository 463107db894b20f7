// Viewers that take all that a stream gives: `viewers-child.js URL COUNT`. Prints how many frames the first one has, when asked by a line.
import { get } from "node:http";
import { createInterface } from "node:readline";

const [url = "", count = "1"] = process.argv.slice(2);
const END_OF_PICTURE = Buffer.from([0xff, 0xd9]);
let frames = 0;

for (let viewer = 0; viewer < Number(count); viewer++) {
  get(url, { agent: false }, (response) => {
    if (viewer > 0) response.resume();
    // The base pictures have no EOI but their last bytes; one that is cut in two by a chunk is rare, and counted all the same.
    let last = 0;
    response.on("data", (chunk: Buffer) => {
      if (viewer > 0) return;
      if (last === 0xff && chunk[0] === 0xd9) frames += 1;
      for (let at = chunk.indexOf(END_OF_PICTURE); at >= 0; ) {
        frames += 1;
        at = chunk.indexOf(END_OF_PICTURE, at + 2);
      }
      last = chunk.at(-1) ?? 0;
    });
  }).on("error", (error) => {
    console.error(error.message);
    process.exit(1);
  });
}
for await (const _ of createInterface({ input: process.stdin })) console.log(frames);
