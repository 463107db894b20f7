import type { FoundCamera } from "./found-camera.ts";

/** What one way of looking for cameras has found, and why it found no more. */
export interface SearchResult {
  /** What was looked for, as a person says it: `network cameras (ONVIF)`. */
  readonly what: string;
  readonly cameras: readonly FoundCamera[];
  /** Why there may be more than were found, and what to do: a sentence. */
  readonly note?: string;
}

/** How the network is searched. */
export interface SearchOptions {
  /** How long answers are waited for, ms. */
  readonly ms: number;
  readonly signal: AbortSignal;
}

/** Cameras that one search of the network lists at most. */
export const MOST_FOUND = 64;
