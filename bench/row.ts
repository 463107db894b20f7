import type { Sample } from "./load.ts";

/** How long cells last. */
export type Length = "smoke" | "short" | "full";

export const REPETITIONS: Record<Length, number> = { smoke: 1, short: 1, full: 5 };

/** Any server of the bench. */
export type KindName =
  | "ours"
  | "ours-cold"
  | "limit"
  | "direct"
  | "express"
  | "ustreamer"
  | "gstreamer"
  | "go2rtc"
  | "node-wot"
  | "labthings"
  | "pystreaming"
  | "jetstream"
  | "http"
  | "nats";

/** The rows that `--only` takes by one word. */
export type Group =
  | "frames"
  | "start"
  | "packages"
  | "pages"
  | "intake"
  | "mirrors"
  | "properties"
  | "actions"
  | "notifications"
  | "recordings"
  | "thorvision"
  | "filers"
  | "pystreaming"
  | "pythiags"
  | "work"
  | "fleet"
  | "v4l2";

/** One row of the bench: what is done, and the servers that it compares. */
export interface Row {
  readonly id: string;
  readonly group: Group;
  readonly title: string;
  readonly kinds: readonly KindName[];
  /** The figure of the limit whose spread tells how quiet the machine was. */
  readonly steadyFigure: string;
  /** Whether `--smoke` tries it. */
  readonly isInSmoke?: boolean;
  /** @param minutes - Longer than the length says, where the row can. */
  measure(kind: KindName, length: Length, minutes?: number): Promise<Sample>;
}

/** Rows may have kinds of their own. @returns The one of that name. */
export function kindNamed<K extends { readonly name: string }>(
  kinds: readonly K[],
  name: string,
): K {
  const found = kinds.find((kind) => kind.name === name);
  if (!found) throw new Error(`There is no '${name}' to measure.`);
  return found;
}
