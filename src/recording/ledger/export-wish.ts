import type { VideoFormat } from "./video-format.ts";

/** What is to be made of a recording. It stands in the ledger until it is made, so that it outlasts a crash. */
export interface ExportWish {
  readonly format: VideoFormat;
  /** The MKV goes once it is made. */
  readonly replace?: boolean | undefined;
  readonly keepStart?: boolean | undefined;
}

/** What has become of a wish. */
export interface ExportState extends ExportWish {
  readonly state: "wanted" | "made" | "failed";
  /** Name of what was made. */
  readonly file?: string;
  /** Why nothing could be made. */
  readonly why?: string;
}

/** A line of a ledger about what is made of its recording. */
export type ExportNote =
  | { readonly exporting: ExportWish }
  | { readonly exported: { readonly file: string; readonly frames: number } }
  /** Without a reason somebody has taken the wish back. */
  | { readonly notExported: { readonly format: VideoFormat; readonly why?: string } };

/**
 * What is to become of a recording, as its ledger says.
 * @param wish - Of its first line.
 * @param notes - In order.
 */
export function exportStates(
  wish: ExportWish | undefined,
  notes: readonly ExportNote[],
): ExportState[] {
  const states = new Map<string, ExportState>();
  const put = (one: ExportWish) => states.set(one.format, { ...one, state: "wanted" });
  if (wish) put(wish);
  for (const note of notes) {
    if ("exporting" in note) put(note.exporting);
    else if ("exported" in note) {
      const { file } = note.exported;
      const before = states.get(file.slice(file.lastIndexOf(".") + 1));
      if (before) states.set(before.format, { ...before, state: "made", file });
    } else {
      const { format, why } = note.notExported;
      states.delete(format);
      if (why !== undefined) states.set(format, { format, state: "failed", why });
    }
  }
  return [...states.values()];
}
