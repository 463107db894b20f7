import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import type { SourceFrame } from "../../src/frames/frame-source.ts";
import { Pipeline } from "../../src/sources/pipeline.ts";
import { type PipelineText, pipelineCommand } from "../../src/sources/pipeline-command.ts";
import { framesOf } from "../sources/reading.ts";

const RATE = "video/x-raw,framerate=30/1";
/** A source that is not live beside a sink that does not wait. */
export const ONE_TEE = `videotestsrc ! ${RATE}
  ! tee name=t1
  t1. ! fakesink`;
export const TWO_TEES = `videotestsrc ! ${RATE}
  ! tee name=tee_0
  tee_0. ! fakesink
videotestsrc pattern=ball ! ${RATE} ! tee name=tee_1
  tee_1. ! fakesink`;

/** The pipeline, and a function that reads `count` frames of one of its cameras. */
export async function run(text: PipelineText, camera?: string) {
  const pipeline = new Pipeline(await pipelineCommand(text));
  return { pipeline, take: (count: number, name = camera) => take(pipeline, count, name) };
}

export async function take(
  pipeline: Pipeline,
  count: number,
  camera?: string,
): Promise<SourceFrame[]> {
  const source = camera ? pipeline.cameras.get(camera) : [...pipeline.cameras.values()][0];
  assert.ok(source, `There is no camera ${camera}.`);
  const frames: SourceFrame[] = [];
  const reading = new AbortController();
  for await (const frame of framesOf(source, reading.signal)) {
    if (frames.push(frame) === count) reading.abort();
  }
  return frames;
}

/** The processes that `parent`, this one unless said otherwise, has started and that are still there, zombies included. */
export function childrenOf(parent = process.pid): number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] === String(parent);
      } catch {
        return false; // it ended while we looked
      }
    });
}
