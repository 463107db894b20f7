import type { RecordingSummary } from "../recording/ledger/ledger.ts";
import { stepsInWords } from "../recording/ledger/verdict.ts";
import { type ClientIo, isForPeople } from "./client-output.ts";
import type { Target } from "./client-verbs.ts";
import { EXIT } from "./exit-codes.ts";
import { ProgressBar } from "./progress-bar.ts";
import { RemoteRecording } from "./remote-recording.ts";
import { streamAt } from "./stream-at.ts";

/** How much is recorded, and where to. */
export interface RecordChoices {
  /** How long; until Ctrl-C when absent. */
  readonly seconds?: number;
  /** A folder. */
  readonly out: string;
  /** Of the file, without `.mkv`. */
  readonly name?: string;
  /** The https certificate of a server that nobody vouches for: its SHA-256 fingerprint, or a PEM file. */
  readonly trust?: string;
  /** Which stream of a Thing. */
  readonly stream?: string;
  /** Longest silence of the server, ms, after which the connection is made again. */
  readonly silentMs?: number;
  /** Longest wait for the first frame, ms; 15,000 by default. */
  readonly firstFrameMs?: number;
}

/** With less of the rate that its Thing states, a recording lacks exposures. */
const SLOW = 0.98;

/**
 * Records an MJPEG stream as it comes, frame by frame, with the identities that the server gives.
 * @throws {ThingError} `NO_FRAME` when none comes within `firstFrameMs`; `RECORDING_FAILED`.
 */
export async function record(io: ClientIo, target: Target, choices: RecordChoices): Promise<void> {
  const stream = await streamAt(target, choices, io.signal);
  const { credentials } = target;
  const recording = new RemoteRecording({ ...choices, ...stream, credentials });
  const bar = isForPeople(io) ? new ProgressBar(io.err) : undefined;
  const telling = setInterval(() => bar?.show(...recording.progress), 200);
  try {
    const summary = await recording.run(io.signal);
    bar?.clear();
    if (summary.captured === 0 && io.signal.aborted) {
      io.err.write("Cancelled before the first frame came: there is no recording.\n");
      process.exitCode = EXIT.cancelled;
      return;
    }
    tell(io, await recording.path, summary, stream.expectedFps);
    if (summary.ended !== "stopped") process.exitCode = EXIT.failed;
    else if (choices.seconds !== undefined && io.signal.aborted) process.exitCode = EXIT.cancelled;
  } finally {
    clearInterval(telling);
    bar?.clear();
  }
}

function tell(io: ClientIo, file: string, summary: RecordingSummary, expectedRate?: number): void {
  const { first = 0, last = 0, written, refused, ended, bytes, rate, longestGap } = summary;
  const { clockSteps } = summary;
  const seconds = (last - first) / 1000;
  const dropped = summary.captured - written;
  if (isForPeople(io)) {
    const lost = dropped === 0 ? "none was lost" : `${dropped} were lost: see its ledger`;
    const isSlow = rate !== undefined && expectedRate && rate < SLOW * expectedRate;
    const slow = isSlow ? `, but it has ${rate.toFixed(1)} of ${expectedRate} frames/s` : "";
    const set = clockSteps.length > 0 ? `; a clock was set ${stepsInWords(clockSteps)}` : "";
    const how = ended === "stopped" ? "" : `. It ended early: ${ended}`;
    io.out.write(
      `${file}: ${written} frames over ${seconds.toFixed(1)} s, ${lost}${slow}${set}${how}.\n`,
    );
  } else {
    const gap = longestGap && Math.round(longestGap.ms * 1000) / 1e6;
    const paces = { rate, expected_rate: expectedRate, longest_gap: gap };
    const steps = { clock_steps: clockSteps.map((byMs) => byMs / 1000) };
    const line = {
      file,
      frames: written,
      seconds,
      ...paces,
      dropped,
      refused,
      ...steps,
      ended,
      bytes,
    };
    io.out.write(`${JSON.stringify(line)}\n`);
  }
}
