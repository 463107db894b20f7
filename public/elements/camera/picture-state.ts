import type { PictureReport, PictureStatus } from "../../frames/messages.ts";
import { duration } from "../../style/quantities.ts";

/** A picture is old after this, ms, and after so many of its periods. */
const STALE_MS = 1500;
const STALE_PERIODS = 3;

/** What is known of a picture. */
export interface Known {
  readonly report: PictureReport | undefined;
  readonly status: PictureStatus | undefined;
  readonly isConnected: boolean | undefined;
  /** Why there is no connection, where that is known. */
  readonly whyLost: string | undefined;
  /** Epoch ms, by this computer's clock. */
  readonly now: number;
}

/** What stands across a picture, and beside it. */
export interface PictureState {
  /** For the lamp and its colour. */
  readonly state: string;
  readonly word: string;
  /** Across the picture: `STALE 3.2 s`; nothing while it is live. */
  readonly banner?: string;
  /** One sentence. */
  readonly why?: string;
  readonly mayRetry?: boolean;
}

const FAULTS = new Set(["stalled", "disconnected", "failed", "refused"]);
const WORDS: Readonly<Record<string, string>> = {
  stalled: "Stalled",
  disconnected: "Disconnected",
  failed: "Failed",
  refused: "Refused",
  lost: "Not connected",
};

const LOST = "The server does not answer. This page keeps trying.";
const OLD = "No newer frame has arrived.";

/** How old the picture is, ms. */
export function ageOf({ latency, drawnAt }: PictureReport, now: number): number {
  return Math.max(0, latency + now - drawnAt);
}

/** The one truth of a picture: one that is old is never "Live", whatever its source says. */
export function pictureState({ report, status, isConnected, whyLost, now }: Known): PictureState {
  const fault = isConnected === false ? "lost" : FAULTS.has(status?.state ?? "") && status?.state;
  const age = report && ageOf(report, now);
  const isOld = report !== undefined && age !== undefined && age > staleAfter(report);
  const isKnownOld = isOld || (fault !== false && fault !== "lost");
  const why = fault === "lost" ? (whyLost ?? LOST) : (status?.reason ?? OLD);
  if (age !== undefined && !isKnownOld) return { state: "streaming", word: "Live" };
  if (age !== undefined) {
    const [state, word] = fault ? [fault, WORDS[fault]!] : ["stale", "Stale"];
    return { state, word, banner: `STALE ${duration(age)}`, why, mayRetry: fault !== false };
  }
  if (fault)
    return { state: fault, word: WORDS[fault]!, banner: emptyWord(fault), why, mayRetry: true };
  if (!status) return { state: "connecting", word: "Connecting" };
  if (status.reason) return { state: "idle", word: "No frames", banner: "NO FRAMES", why };
  return { state: "opening", word: "Waiting for the first frame" };
}

function staleAfter({ rate }: PictureReport): number {
  return Math.max(STALE_MS, rate > 0 ? (STALE_PERIODS * 1000) / rate : 0);
}

function emptyWord(fault: string): string {
  return fault === "lost" ? "NOT CONNECTED" : "NO FRAMES";
}
