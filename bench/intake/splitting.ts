import { readFileSync } from "node:fs";
import { JpegSplitter } from "../../src/frames/jpeg/jpeg-splitter.ts";
import { MultipartParser } from "../../src/frames/wire/multipart.ts";
import { frameFile } from "../frames.ts";
import type { Sample } from "../load.ts";

const FRAME_BYTES = 100_000;

/** I4: how many bytes of whole frames a second of the processor splits, of JPEGs one after another, and of parts with and without a length. */
export async function measureSplitting(seconds: number): Promise<Sample> {
  const jpeg = readFileSync(await frameFile(FRAME_BYTES));
  const room = new Uint8Array(2 * FRAME_BYTES);
  const memoryFor = (bytes: number) => (bytes <= room.length ? room.subarray(0, bytes) : undefined);
  const part = (headers: string) =>
    Buffer.concat([Buffer.from(`--f\r\n${headers}\r\n`), jpeg, Buffer.from("\r\n")]);
  return {
    jpeg_gb_per_cpu_s: speedOf(
      (taken) => new JpegSplitter({ memoryFor, onJpeg: taken }),
      jpeg,
      seconds,
    ),
    sized_gb_per_cpu_s: speedOf(
      (taken) => new MultipartParser({ memoryFor, onPart: taken }),
      part(`Content-Length: ${FRAME_BYTES}\r\n`),
      seconds,
    ),
    unsized_gb_per_cpu_s: speedOf(
      (taken) => new MultipartParser({ memoryFor, onPart: taken }),
      part(""),
      seconds,
    ),
  };
}

/** The bytes of frames that a second of the processor takes, GB. */
function speedOf(
  splitter: (taken: () => void) => { read(bytes: Uint8Array): void },
  bytes: Uint8Array,
  seconds: number,
): number {
  let frames = 0;
  const reader = splitter(() => {
    frames += 1;
  });
  for (let n = 0; n < 2000; n++) reader.read(bytes); // compiled by now
  frames = 0;
  const before = process.cpuUsage();
  const until = performance.now() + 1000 * seconds;
  while (performance.now() < until) reader.read(bytes);
  const { user, system } = process.cpuUsage(before);
  return (frames * FRAME_BYTES) / 1e3 / (user + system);
}
