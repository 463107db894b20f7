// What a page and its worker say to each other. Pictures stay in the worker, which draws them.

/** From where a picture comes: a stream of a server over its one WebSocket, or any MJPEG address. */
export type PictureSource =
  | { readonly socket: string; readonly stream: string }
  | { readonly mjpeg: string };

/** What is asked of a stream: no more than is shown. */
export interface Wanted {
  /** Largest width, pixels; as it is when absent. */
  readonly width?: number | undefined;
  /** Most frames a second. */
  readonly fps?: number | undefined;
}

export type ToWorker =
  | {
      readonly do: "show";
      readonly id: number;
      readonly source: PictureSource;
      readonly canvas: OffscreenCanvas;
    }
  | { readonly do: "follow"; readonly id: number; readonly wanted: Wanted }
  | { readonly do: "measure"; readonly id: number; readonly isOn: boolean }
  | { readonly do: "rest" | "end" | "retry"; readonly id: number }
  | { readonly do: "save"; readonly id: number; readonly request: number };

/** Which picture is on the canvas. */
export interface PictureReport {
  readonly id: number;
  readonly index: number;
  readonly run: string;
  /** End of exposure, epoch ms by the server's clock; undefined where the server does not tell. */
  readonly capturedAt?: number | undefined;
  /** When it was drawn, epoch ms by this computer's clock. */
  readonly drawnAt: number;
  /** How old it was then, ms. */
  readonly latency: number;
  /** Pixels of the picture as it came. */
  readonly width: number;
  readonly height: number;
  /** Pixels of the camera's picture, of which it may be a smaller one. */
  readonly fullWidth: number;
  readonly fullHeight: number;
  /** Bytes of the JPEG. */
  readonly size: number;
  /** Frames drawn a second. */
  readonly rate: number;
  readonly measures?: Measures | undefined;
}

/** What is measured of a picture while somebody looks at that. */
export interface Measures {
  /** Pixels of each brightness, 0 to 255, of a sample of the picture. */
  readonly histogram: Uint32Array;
  /** Variance of the Laplacian of the picture's middle: larger is sharper. */
  readonly focus: number;
}

/** What the source of a picture does, and why it gives none. */
export interface PictureStatus {
  readonly state: string;
  readonly reason?: string | undefined;
  readonly since?: string | undefined;
}

/** The JPEG on the canvas, and what it is. */
export interface SavedPicture {
  readonly jpeg: Uint8Array<ArrayBuffer>;
  readonly report: PictureReport;
}

export type FromWorker =
  | { readonly tell: "picture"; readonly report: PictureReport }
  | { readonly tell: "status"; readonly id: number; readonly status: PictureStatus }
  | { readonly tell: "connection"; readonly id: number; readonly isConnected: boolean }
  | { readonly tell: "version"; readonly version: string }
  | { readonly tell: "saved"; readonly request: number; readonly saved: SavedPicture | undefined };
