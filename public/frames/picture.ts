import { Measuring } from "./measures.ts";
import type {
  FromWorker,
  PictureReport,
  PictureStatus,
  SavedPicture,
  ToWorker,
  Wanted,
} from "./messages.ts";
import { Rate } from "./rate.ts";
import { type Received, receive } from "./received.ts";

const REPORT_MS = 200;
/** Of a JPEG, pixels. */
const LARGEST_SIDE = 65_535;

/** One frame in ten may be damaged; when none was drawn for so long, that is told, ms. */
const UNDECODED_MS = 1000;

/** One picture of the page, in the worker: it is received, decoded and drawn on its canvas. */
export class Picture {
  readonly #id: number;
  readonly #show: Extract<ToWorker, { do: "show" }>;
  readonly #pen: OffscreenCanvasRenderingContext2D;
  readonly #tell: (message: FromWorker) => void;
  readonly #rate = new Rate();
  #leave = () => {};
  /** Counts what is followed: a picture that is decoded when that has ended is not drawn. */
  #turn = 0;
  #drawn: { readonly frame: Received; readonly report: PictureReport } | undefined;
  #measuring: Measuring | undefined;
  #status: PictureStatus | undefined;
  /** Since when no frame that came could be decoded. */
  #undecodedSince: number | undefined;
  #reportedAt = 0;
  #reportLater: ReturnType<typeof setTimeout> | undefined;

  constructor(show: Extract<ToWorker, { do: "show" }>, tell: (message: FromWorker) => void) {
    const pen = show.canvas.getContext("2d", { alpha: false });
    if (!pen) throw new Error("This browser gives no canvas in a worker.");
    this.#show = show;
    this.#id = show.id;
    this.#pen = pen;
    this.#tell = tell;
  }

  /** Follows the stream with what is wanted of it from now on: the old subscription ends when the new one stands. */
  follow(wanted: Wanted): void {
    const before = this.#leave;
    const turn = ++this.#turn;
    this.#rate.reset();
    this.#leave = receive(this.#show.source, wanted, {
      onFrame: (frame) => this.#draw(frame, turn),
      onStatus: (status) => {
        this.#status = status;
        this.#tellStatus(status);
      },
      onConnected: (isConnected) => this.#tell({ tell: "connection", id: this.#id, isConnected }),
    });
    before();
  }

  /** Costs nothing until it is followed again; the picture stays. */
  rest(): void {
    this.#turn += 1;
    this.#leave();
    this.#leave = () => {};
    clearTimeout(this.#reportLater);
    if (this.#drawn) this.#report();
  }

  measure(isOn: boolean): void {
    this.#measuring = isOn ? (this.#measuring ?? new Measuring()) : undefined;
  }

  get saved(): SavedPicture | undefined {
    if (!this.#drawn) return undefined;
    const { frame, report } = this.#drawn;
    return { jpeg: frame.jpeg, report };
  }

  async #draw(frame: Received, turn: number): Promise<void> {
    const blob = new Blob([frame.jpeg], { type: "image/jpeg" });
    const bitmap = await createImageBitmap(blob).catch(() => undefined);
    if (turn === this.#turn) {
      if (bitmap) this.#paint(bitmap, frame);
      else this.#noteUndecoded(frame); // the frame before it stays
    }
    bitmap?.close();
  }

  #noteUndecoded({ index }: Received): void {
    const time = performance.now();
    this.#undecodedSince ??= time;
    if (time - this.#undecodedSince < UNDECODED_MS) return;
    const reason = `Frames arrive, frame ${index} the last, but this browser cannot decode them: they are damaged, or of a kind of JPEG that browsers do not show. Check what the camera sends.`;
    this.#tellStatus({ state: "failed", reason });
  }

  #noteDecoded(): void {
    const wasTold = performance.now() - (this.#undecodedSince ?? Number.NaN) >= UNDECODED_MS;
    this.#undecodedSince = undefined;
    if (wasTold && this.#status) this.#tellStatus(this.#status);
  }

  #tellStatus(status: PictureStatus): void {
    this.#tell({ tell: "status", id: this.#id, status });
  }

  #paint(bitmap: ImageBitmap, frame: Received): void {
    const { canvas } = this.#pen;
    if (canvas.width !== bitmap.width || canvas.height !== bitmap.height) {
      canvas.width = bitmap.width;
      canvas.height = bitmap.height;
    }
    this.#pen.drawImage(bitmap, 0, 0);
    this.#noteDecoded();
    this.#rate.count(performance.now());
    const isDue = performance.now() - this.#reportedAt >= REPORT_MS;
    this.#drawn = { frame, report: this.#reportOf(frame, bitmap, isDue) };
    if (isDue) this.#report();
    else this.#reportLater ??= setTimeout(() => this.#report(), REPORT_MS);
  }

  #reportOf(frame: Received, bitmap: ImageBitmap, isDue: boolean): PictureReport {
    const { run, index, capturedAt, size, fullWidth, fullHeight } = frame;
    const { width, height } = bitmap;
    const measures = isDue ? this.#measuring?.measure(bitmap) : undefined;
    return {
      ...{ id: this.#id, run, index, capturedAt, size, width, height },
      ...{ fullWidth: sizeOr(fullWidth, width), fullHeight: sizeOr(fullHeight, height) },
      ...{ rate: this.#rate.perSecond, latency: frame.age() },
      drawnAt: performance.timeOrigin + performance.now(),
      ...(measures && { measures }),
    };
  }

  #report(): void {
    clearTimeout(this.#reportLater);
    this.#reportLater = undefined;
    this.#reportedAt = performance.now();
    if (this.#drawn) this.#tell({ tell: "picture", report: this.#drawn.report });
  }
}

/** Servers may say what they like of a picture. */
function sizeOr(said: number | undefined, own: number): number {
  return said !== undefined && said >= 1 && said <= LARGEST_SIDE ? said : own;
}
