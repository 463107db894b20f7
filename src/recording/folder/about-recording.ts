import { toDateTime } from "../../base/clock.ts";
import type { RecordingDescription } from "../files/describe.ts";
import { exportsUnderWay } from "../files/exports-under-way.ts";
import type { ExportState } from "../ledger/export-wish.ts";
import { LEFT_OUT, type RecordingSummary, type SourceSum } from "../ledger/ledger.ts";
import { isMkv } from "../ledger/video-names.ts";

/** What is said of each recording beside what is said of every file. */
export const RECORDING_SCHEMA = {
  camera: { type: "string" },
  reason: { type: "string", description: "Why the recording was made" },
  first: { type: "number", unit: "ms", description: "Capture time of the first frame, since 1970" },
  last: { type: "number", unit: "ms", description: "Capture time of the last frame, since 1970" },
  started: {
    type: "string",
    format: "date-time",
    description: "Capture time of the first frame, as a date",
  },
  duration: { type: "number", unit: "s", description: "From the first frame to the last" },
  frames: { type: "integer" },
  rate: {
    type: "number",
    unit: "Hz",
    description: "Frames per second, from the first to the last",
  },
  longest_gap: {
    type: "number",
    unit: "s",
    description: "The longest time from one frame to the next",
  },
  dropped: { type: "integer", description: "Frames that were lost; the ledger says why" },
  left_out: {
    type: "integer",
    description: "Frames left out on purpose: those between the pictures of a timelapse",
  },
  source_lost: {
    type: "integer",
    description: "Frames that the source lost before they reached the stream; the ledger says why",
  },
  source_outages: {
    type: "integer",
    description: "How often the source failed during the recording",
  },
  ended: { type: "string", description: "Why the recording ended" },
  exports: {
    type: "array",
    description: "Exports that are waiting, running or have failed",
    items: {
      type: "object",
      properties: {
        format: { type: "string", enum: ["mp4", "webm"] },
        state: { type: "string", enum: ["waiting", "running", "failed"] },
        reason: { type: "string", description: "Why the export failed" },
      },
      required: ["format", "state"],
    },
  },
} as const;

/** What is said of a recording in lists, from its ledger and from what goes on with it. */
export function aboutRecording(
  path: string,
  { head, summary, exports }: RecordingDescription,
): Record<string, unknown> {
  const { first, last } = summary ?? {};
  const making = isMkv(path) ? makingOf(path, exports) : [];
  return {
    ...(head && { camera: head.camera, reason: head.reason }),
    ...(first !== undefined && { first, last, started: toDateTime(first) }),
    ...(first !== undefined && last !== undefined && { duration: round((last - first) / 1000) }),
    ...(summary && {
      frames: summary.written,
      ...(summary.rate !== undefined && { rate: summary.rate }),
      ...(summary.longestGap && { longest_gap: round(summary.longestGap.ms / 1000) }),
      ...lossesOf(summary),
      ...sourceOf(summary),
      ended: summary.ended,
    }),
    ...(making.length > 0 && { exports: making }),
  };
}

/** What is made of an MKV now, or will be, or could not be. What was made is in the list itself. */
function makingOf(path: string, exports: readonly ExportState[]): Record<string, unknown>[] {
  const underWay = exportsUnderWay(path).map(({ format, state }) => ({ format, state }));
  const formats = underWay.map(({ format }) => format);
  const others = exports.flatMap(({ format, state, why }) => {
    if (state === "made" || formats.includes(format)) return [];
    return state === "failed" ? { format, state, reason: why } : { format, state: "waiting" };
  });
  return [...underWay, ...others];
}

function lossesOf({ dropped, leftOut }: RecordingSummary): Record<string, number> {
  const { [LEFT_OUT]: before = 0, ...lost } = dropped; // of a version before
  const left_out = (leftOut ?? 0) + before;
  return {
    dropped: Object.values(lost).reduce((sum, count) => sum + count, 0),
    ...(left_out > 0 && { left_out }),
  };
}

function sourceOf({ source = [] }: Partial<RecordingSummary>): Record<string, number> {
  const sum = (kind: SourceSum["what"], member: "count" | "times") =>
    source.reduce((all, one) => (one.what === kind ? all + one[member] : all), 0);
  return { source_lost: sum("lost", "count"), source_outages: sum("outage", "times") };
}

function round(seconds: number): number {
  return Math.round(seconds * 1000) / 1000;
}
