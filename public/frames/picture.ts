import { Measuring } from "./measures.ts";
import type {
  FromWorker,
  Measures,
  PictureReport,
  PictureStatus,
  SavedPicture,
  ToWorker,
  Wanted,
} from "./messages.ts";
import { Rate } from "./rate.ts";
import { type Received, receive } from "./received.ts";
import { REPORT_MS, reportSoon } from "./reports.ts";

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
  #measuredAt = 0;
  /** Whether the page knows that there is a picture. */
  #isKnown = false;
  readonly #report = () => {
    if (this.#drawn) this.#tell({ tell: "picture", report: this.#drawn.report });
  };

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
    this.#isKnown = false;
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
    this.#report();
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
    this.#drawn = { frame, report: this.#reportOf(frame, bitmap) };
    if (this.#isKnown) reportSoon(this.#report);
    else this.#report();
    this.#isKnown = true;
  }

  #reportOf(frame: Received, bitmap: ImageBitmap): PictureReport {
    const { run, index, capturedAt, size, fullWidth, fullHeight } = frame;
    const { width, height } = bitmap;
    const measures = this.#measuresOf(bitmap);
    return {
      ...{ id: this.#id, run, index, capturedAt, size, width, height },
      ...{ fullWidth: sizeOr(fullWidth, width), fullHeight: sizeOr(fullHeight, height) },
      ...{ rate: this.#rate.perSecond, latency: frame.age() },
      drawnAt: performance.timeOrigin + performance.now(),
      ...(measures && { measures }),
    };
  }

  /** As often as it is reported: what was measured stays until it is. */
  #measuresOf(bitmap: ImageBitmap): Measures | undefined {
    if (!this.#measuring) return undefined;
    const now = performance.now();
    if (now - this.#measuredAt < REPORT_MS) return this.#drawn?.report.measures;
    this.#measuredAt = now;
    return this.#measuring.measure(bitmap);
  }
}

/** Servers may say what they like of a picture. */
function sizeOr(said: number | undefined, own: number): number {
  return said !== undefined && said >= 1 && said <= LARGEST_SIDE ? said : own;
}
