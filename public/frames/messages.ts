// What a page and its worker say to each other. Pictures stay in the worker, which draws them.

/** From where a picture comes: a stream of this server over its one WebSocket, or any MJPEG address. */
export type PictureSource =
  | { readonly socket: string; readonly stream: string }
  | { readonly mjpeg: string };

export type ToWorker =
  | {
      readonly do: "show";
      readonly id: number;
      readonly source: PictureSource;
      readonly canvas: OffscreenCanvas;
      readonly width?: number;
      readonly fps?: number;
    }
  | { readonly do: "resize"; readonly id: number; readonly width?: number; readonly fps?: number }
  | { readonly do: "pause" | "resume" | "freeze" | "thaw" | "end" | "retry"; readonly id: number }
  | { readonly do: "save"; readonly id: number; readonly request: number };

/** How a picture does, told five times a second at most. */
export interface PictureReport {
  readonly id: number;
  readonly index?: number;
  readonly run?: string;
  /** End of exposure, epoch ms by the server's clock. */
  readonly capturedAt?: number;
  /** Age of the picture when it was drawn, ms. */
  readonly latency?: number;
  readonly width?: number;
  readonly height?: number;
  /** Bytes of the JPEG. */
  readonly size?: number;
  /** Frames drawn a second. */
  readonly rate?: number;
}

export type FromWorker =
  | ({ readonly tell: "picture" } & PictureReport)
  | {
      readonly tell: "status";
      readonly id: number;
      readonly state: string;
      readonly reason?: string;
      readonly since?: string;
    }
  | { readonly tell: "connection"; readonly isConnected: boolean }
  | { readonly tell: "version"; readonly version: string }
  | { readonly tell: "clock"; readonly offset: number }
  | {
      readonly tell: "saved";
      readonly request: number;
      readonly jpeg: Uint8Array<ArrayBuffer> | undefined;
      readonly report: PictureReport;
    };
