import { isRecord } from "../base/values.ts";
import { runnableProgram } from "../processes/native-program.ts";
import { runProgram } from "../processes/run-program.ts";
import type { FoundMode } from "./found-camera.ts";
import type { VideoNode } from "./video-nodes.ts";

/** What a node says when it is opened. */
export interface NodeDetails {
  /** Whether it gives pictures of a camera; a node for metadata or of a codec does not. */
  readonly isCamera: boolean;
  readonly modes: readonly FoundMode[];
}

/** Asks a node for its capabilities and modes; undefined when nothing here can. */
export type DetailsOf = (path: string) => Promise<NodeDetails | undefined>;

/** A driver that hangs is not waited for any longer, ms. */
const ASK_MS = 5000;
const MOST_BYTES = 4 << 20;
/** Modes that are listed of a camera; the others are left out. */
export const MOST_MODES = 500;

/** By the program for V4L2 cameras, or else by v4l2-ctl. */
export const detailsOf: DetailsOf = async (path) => {
  for (const ask of [askProgram, askV4l2Ctl]) {
    const details = await ask(path).catch(() => undefined); // it is missing, or hangs: the next, or none
    if (details) return details;
  }
  return undefined;
};

/** What the driver's name, and which of its nodes it is, say where it cannot be asked. */
export function looksLikeCamera({ driver, name, index }: VideoNode): boolean {
  if (driver === "uvcvideo") return index % 2 === 0; // each stream has a node for its metadata after it
  return !NO_CAMERA.test(`${driver} ${name}`);
}

/** Codecs, scalers, and sensors whose raw data a program has to develop: libcamera's. */
const NO_CAMERA =
  /codec|\bisp\b|-isp|pisp|rpivid|hevc|hantro|rkvdec|rkisp|cedrus|vim2m|vicodec|unicam|rp1-cfe|ipu\d|loopback output/i;

async function askProgram(path: string): Promise<NodeDetails | undefined> {
  const program = await runnableProgram("v4l2-camera");
  if (!program) return undefined;
  const { output } = await runProgram(
    { program, args: ["list", path] },
    { timeoutMs: ASK_MS, mostBytes: MOST_BYTES },
  );
  const listed: unknown = JSON.parse(output.toString());
  const [device] = isRecord(listed) && Array.isArray(listed.devices) ? listed.devices : [];
  if (!isRecord(device) || typeof device.device_caps !== "number") return undefined;
  return { isCamera: isCapture(device.device_caps), modes: modesListed(device.modes) };
}

/** V4L2_CAP_VIDEO_CAPTURE and _MPLANE, without V4L2_CAP_VIDEO_M2M and _MPLANE. */
function isCapture(caps: number): boolean {
  return (caps & 0x1001) !== 0 && (caps & 0xc000) === 0;
}

function modesListed(modes: unknown): FoundMode[] {
  const found = recordsIn(modes).flatMap(({ fourcc, sizes }) =>
    recordsIn(sizes).flatMap((size): FoundMode[] => {
      const [width, height] = [largestOf(size.width), largestOf(size.height)];
      if (typeof fourcc !== "string" || width === undefined || height === undefined) return [];
      return [{ format: fourcc, width, height, rates: ratesOf(size.intervals) }];
    }),
  );
  return found.slice(0, MOST_MODES);
}

function recordsIn(list: unknown): Record<string, unknown>[] {
  return Array.isArray(list) ? list.filter(isRecord) : [];
}

/** A size, or `[min, max, step]`. */
function largestOf(size: unknown): number | undefined {
  const value = Array.isArray(size) ? size[1] : size;
  return typeof value === "number" ? value : undefined;
}

function ratesOf(intervals: unknown): number[] {
  const shortest = recordsIn(intervals).flatMap(({ interval, min }) => {
    const [numerator, denominator] = Array.isArray(interval ?? min)
      ? ((interval ?? min) as unknown[])
      : [];
    return [Number(denominator) / Number(numerator)];
  });
  return descending(shortest);
}

async function askV4l2Ctl(path: string): Promise<NodeDetails | undefined> {
  const { output, code } = await runProgram(
    { program: "v4l2-ctl", args: ["-d", path, "-D", "--list-formats-ext"] },
    { timeoutMs: ASK_MS, mostBytes: MOST_BYTES },
  );
  return code === 0 ? detailsIn(output.toString()) : undefined;
}

/** What `v4l2-ctl -D --list-formats-ext` prints. */
export function detailsIn(text: string): NodeDetails | undefined {
  const caps = /Device Caps\s*:\s*(0x[0-9a-f]+)/i.exec(text)?.[1];
  if (caps === undefined) return undefined;
  const modes: (FoundMode & { rates: number[] })[] = [];
  let format = "";
  for (const line of text.split("\n")) {
    format = /^\s*\[\d+\]: '(.{4})'/.exec(line)?.[1]?.trim() ?? format;
    const [, width, height] = /Size: .*?(\d+)x(\d+)(?: with step .*)?$/.exec(line) ?? [];
    if (width && modes.length < MOST_MODES) {
      modes.push({ format, width: Number(width), height: Number(height), rates: [] });
    }
    const rate = /Interval: .*\(([\d.]+)(?:-([\d.]+))? fps\)/.exec(line);
    if (rate) modes.at(-1)?.rates.push(Math.max(Number(rate[1]), Number(rate[2] ?? 0)));
  }
  return {
    isCamera: isCapture(Number(caps)),
    modes: modes.map((mode) => ({ ...mode, rates: descending(mode.rates) })),
  };
}

/** As a camera's maker says them: 30, not 30.00003. */
function descending(rates: readonly number[]): number[] {
  const rounded = rates.filter((rate) => Number.isFinite(rate) && rate > 0);
  return [...new Set(rounded.map((rate) => Math.round(rate * 100) / 100))].sort((a, b) => b - a);
}
