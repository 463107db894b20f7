import { basename, dirname, join, resolve } from "node:path";
import { stopped } from "../../base/abort.ts";
import { ThingError } from "../../base/errors.ts";
import { folderKey } from "../../base/one-folder.ts";
import type { VideoFormat } from "../ledger/video-format.ts";

/** An export that waits for its turn or goes on. */
interface ExportUnderWay {
  /** Absolute path of the MKV. */
  readonly recording: string;
  readonly format: VideoFormat;
  state: "waiting" | "running";
  /** Aborts when it is to be cut off. */
  readonly signal: AbortSignal;
}

/** How an export ended: with a file, or with a reason, or with neither where nobody wants it any more. */
export interface ExportEnd {
  readonly format: VideoFormat;
  readonly made?: string | undefined;
  readonly why?: string | undefined;
}

/** Told of each export that waits, goes on, or has ended. */
type ExportListener = (recording: string, ended?: ExportEnd) => void;

interface Entry extends ExportUnderWay {
  readonly cutOff: () => void;
  readonly takeBack: () => void;
  readonly ended: Promise<void>;
}

const underWay = new Set<Entry>();
const listeners = new Set<ExportListener>();

/** Notes an export from now until `end` is called. */
export function beginExport(recording: string, format: VideoFormat, signal?: AbortSignal) {
  const abort = new AbortController();
  const stop = () => abort.abort(signal?.reason);
  signal?.addEventListener("abort", stop, { once: true });
  if (signal?.aborted) stop();
  let announce = () => {};
  const ended = new Promise<void>((resolve) => {
    announce = resolve;
  });
  const entry: Entry = {
    ...{ recording: resolve(recording), format, state: "waiting", signal: abort.signal, ended },
    takeBack: () => abort.abort(takenBack(recording)),
    cutOff: () => abort.abort(stopped(`The export of ${recording} was cut off.`)),
  };
  underWay.add(entry);
  tell(entry.recording);
  return {
    signal: entry.signal,
    running: () => {
      entry.state = "running";
      tell(entry.recording);
    },
    end: (how: Omit<ExportEnd, "format">) => {
      signal?.removeEventListener("abort", stop);
      underWay.delete(entry);
      announce();
      tell(entry.recording, { format, ...how });
    },
  };
}

/** What this process makes of a recording now. */
export function exportsUnderWay(recording: string): ExportUnderWay[] {
  const path = keyOf(recording);
  return [...underWay].filter((entry) => keyOf(entry.recording) === path);
}

/**
 * Takes back what waits to be made of a recording, which is to be deleted. Resolves with true when nothing of it waits or goes on; with
 * false, and nothing taken back, when one goes on already.
 */
export async function takeBackExports(recording: string): Promise<boolean> {
  const path = resolve(recording);
  const own = [...underWay].filter((entry) => entry.recording === path);
  if (own.some(({ state }) => state === "running")) return false;
  for (const { takeBack } of own) takeBack();
  await Promise.all(own.map(({ ended }) => ended));
  return true;
}

const takenBackErrors = new WeakSet<object>();

/** Whether what ended an export is that its recording is deleted. */
export function isTakenBack(error: unknown): boolean {
  return typeof error === "object" && error !== null && takenBackErrors.has(error);
}

function takenBack(recording: string): ThingError {
  const why = `${recording} was not exported: it was deleted before the export began.`;
  const error = new ThingError("ACTION_CANCELLED", why);
  takenBackErrors.add(error);
  return error;
}

/** Ends all that is made of recordings in a folder: it is made when the folder is opened again. Resolves when all have ended. */
export async function cutOffExports(folder: string): Promise<void> {
  const key = folderKey(folder);
  const own = [...underWay].filter(({ recording }) => folderKey(dirname(recording)) === key);
  for (const { cutOff } of own) cutOff();
  await Promise.all(own.map(({ ended }) => ended));
}

/** Tells of every change of an export in a folder. @returns how that is ended. */
export function onExport(folder: string, listener: ExportListener): () => void {
  const own: ExportListener = (recording, ended) => {
    if (folderKey(dirname(recording)) !== folderKey(folder)) return;
    const made = ended?.made && asCalled(folder, ended.made);
    listener(asCalled(folder, recording), ended && { ...ended, made });
  };
  listeners.add(own);
  return () => void listeners.delete(own);
}

/** A file by the path of its folder that the listener knows. */
function asCalled(folder: string, path: string): string {
  const isIn = folderKey(dirname(path)) === folderKey(folder);
  return isIn ? join(folder, basename(path)) : path;
}

/** Of a recording, whatever path leads to its folder. */
function keyOf(recording: string): string {
  return join(folderKey(dirname(recording)), basename(recording));
}

function tell(...about: Parameters<ExportListener>): void {
  for (const listener of [...listeners]) listener(...about);
}
