import type { Gap } from "./frame-table.ts";

// What a player and its worker say to each other. Pictures stay in the worker, which draws them.

export type ToPlayer =
  | {
      readonly do: "open";
      readonly canvas: OffscreenCanvas;
      /** URL of the MKV. */
      readonly file: string;
      /** URL of its ledger; the file itself is walked through when absent. */
      readonly ledger: string | undefined;
    }
  /** Whether it is still being recorded. */
  | { readonly do: "growing"; readonly isGrowing: boolean }
  | { readonly do: "seek"; readonly time: number }
  | { readonly do: "step"; readonly by: number }
  | { readonly do: "play"; readonly speed: number; readonly loop: boolean }
  | { readonly do: "pause" };

/** The frame that is shown. */
export interface ShownFrame {
  /** From 0, in the recording. */
  readonly n: number;
  readonly run: string | undefined;
  readonly index: number | undefined;
  /** Epoch ms. */
  readonly capturedAt: number;
  /** Bytes of the JPEG. */
  readonly size: number;
  /** Why its picture cannot be shown. */
  readonly problem?: string;
  readonly width?: number;
  readonly height?: number;
}

/** What there is to be played. */
export interface Extent {
  readonly count: number;
  /** Capture times of the first frame and of the last, epoch ms. */
  readonly from: number;
  readonly to: number;
  readonly gaps: readonly Gap[];
  /** Whether all its frames are known by now, or as many as are played. */
  readonly isKnown: boolean;
  readonly isCut: boolean;
}

export type FromPlayer =
  | ({ readonly tell: "extent" } & Extent)
  | ({ readonly tell: "shown" } & ShownFrame)
  | { readonly tell: "playing"; readonly isPlaying: boolean }
  /** Undefined when it is over. */
  | { readonly tell: "trouble"; readonly trouble: string | undefined };
