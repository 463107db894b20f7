/** How a Thing does, of `/health`. */
export interface ThingHealth {
  readonly state: string;
  readonly reason?: string;
  /** What is wrong though it is open, a sentence each. */
  readonly troubles?: readonly string[];
  readonly streams?: Readonly<Record<string, StreamHealth>>;
}

export interface StreamHealth {
  readonly state: string;
  readonly reason?: string;
  /** Frames a second. */
  readonly rate: number;
  readonly viewers: number;
  /** Since the newest frame, s; null before the first. */
  readonly age: number | null;
}

/** How a server does. */
export interface Health {
  readonly things: Readonly<Record<string, ThingHealth>>;
  /** What is wrong, a sentence each. */
  readonly reasons: readonly string[];
}

/** What an answer of `/health` says; undefined where the server tells strangers only that it is there. */
export function healthIn(answer: unknown): Health | undefined {
  const { things, reasons } = Object(answer);
  if (typeof things !== "object" || things === null) return undefined;
  return { things, reasons: Array.isArray(reasons) ? reasons.map(String) : [] };
}
