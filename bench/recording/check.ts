import { openRecording, verifyRecording } from "../../src/recording.ts";
import { numberInPixels } from "./pixel-stamp.ts";

/** Of so many frames one is decoded. */
const SAMPLE = 10;

/**
 * Makes sure that a recorded film is the one that was played: it agrees with its ledger, has each turn once and in order, by the
 * comment that was patched in, and pixels of that very turn.
 * @returns How many frames were decoded. Throws with the first that is not what was played.
 */
export async function checkFilm(path: string, filmFrames: number): Promise<number> {
  const { ok, sentence } = await verifyRecording(path);
  if (!ok) throw new Error(sentence);
  await using recording = await openRecording(path);
  let [turn, decoded] = [-1, 0];
  for await (const { jpeg, run, index } of recording.frames()) {
    const next = Number(
      /SEQ=(\d+)/.exec(Buffer.from(jpeg.subarray(6, 42)).toString("latin1"))?.[1],
    );
    if (next !== turn + 1)
      throw new Error(`${path}: ${run}/${index} is turn ${next} after ${turn}`);
    turn = next;
    if (turn % SAMPLE > 0) continue;
    const shown = await numberInPixels(jpeg);
    if (shown !== turn % filmFrames)
      throw new Error(`${path}: turn ${turn} shows picture ${shown}`);
    decoded += 1;
  }
  return decoded;
}
