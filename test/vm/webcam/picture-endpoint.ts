import { type Mode, PAYLOAD_BYTES, PAYLOAD_HEAD_BYTES } from "./modes.ts";
import { basePicture, type PictureFault, sentPicture } from "./pictures.ts";
import type { Transfer } from "./usbip.ts";

interface Sending {
  readonly bytes: Buffer;
  readonly fault: PictureFault | undefined;
  at: number;
}

/** Bits of a payload's head (UVC 1.5, 2.4.3.3). */
const [END_OF_FRAME, ERROR, END_OF_HEAD] = [0x02, 0x40, 0x80];
/** How far behind its rate a camera makes up, ms. A slow machine gets fewer frames, and none twice. */
const BEHIND_MS = 100;

/** The endpoint that pictures come from, at the rate of the mode. */
export class PictureEndpoint {
  readonly #complete: (transfer: Transfer, data: Uint8Array | undefined) => void;
  readonly #mode: () => Mode;
  readonly #waiting: Transfer[] = [];
  readonly #pictures = new Map<string, Buffer | undefined>();
  readonly #faults: PictureFault[] = [];
  #always: PictureFault | undefined;
  #sending: Sending | undefined;
  #timer: NodeJS.Timeout | undefined;
  #dueMs = 0;
  #frameId = 0;
  #sent = 0;
  #silent = false;

  constructor(
    mode: () => Mode,
    complete: (transfer: Transfer, data: Uint8Array | undefined) => void,
  ) {
    this.#mode = mode;
    this.#complete = complete;
  }

  /** Frames sent since the camera was made, which is the number of the next one. */
  get sent(): number {
    return this.#sent;
  }

  /** Frame `sequence` as it is sent in the present mode when nothing is wrong with it. */
  async picture(sequence: number): Promise<Buffer> {
    const mode = this.#mode();
    return sentPicture(await basePicture(mode), mode, sequence);
  }

  submitted(transfer: Transfer): void {
    this.#waiting.push(transfer);
    this.#pump();
  }

  withdrawn(transfer: Transfer): void {
    const at = this.#waiting.indexOf(transfer);
    if (at >= 0) this.#waiting.splice(at, 1);
    if (this.#waiting.length === 0) this.#sending = undefined;
  }

  /** The next `frames` have that fault; with Infinity all from now on have it, until it is set to undefined. */
  break(fault: PictureFault | undefined, frames: number): void {
    if (frames === Number.POSITIVE_INFINITY) this.#always = fault;
    else if (fault) this.#faults.push(...Array<PictureFault>(frames).fill(fault));
  }

  /** While silent, the camera answers all but sends no frames. */
  silence(isSilent: boolean): void {
    this.#silent = isSilent;
    this.#pump();
  }

  /** Refuses all transfers that are waiting, as a camera whose firmware has crashed. */
  stall(): void {
    this.#sending = undefined;
    for (const transfer of this.#waiting.splice(0)) this.#complete(transfer, undefined);
  }

  #pump(): void {
    while (this.#waiting.length > 0) {
      this.#sending ??= this.#next();
      if (!this.#sending) return;
      this.#payload(this.#sending, this.#waiting.shift()!);
    }
  }

  /** The next frame when it is due and its picture made; otherwise it is sent later. */
  #next(): Sending | undefined {
    if (this.#silent || this.#timer) return undefined;
    const mode = this.#mode();
    const base = this.#pictureOf(mode);
    if (!base) return undefined;
    const now = performance.now();
    if (now < this.#dueMs) {
      this.#timer = setTimeout(() => {
        this.#timer = undefined;
        this.#pump();
      }, this.#dueMs - now);
      return undefined;
    }
    this.#dueMs = Math.max(now - BEHIND_MS, this.#dueMs) + mode.interval / 10_000;
    this.#frameId ^= 1;
    const fault = this.#faults.shift() ?? this.#always;
    return { bytes: sentPicture(base, mode, this.#sent++, fault), fault, at: 0 };
  }

  #payload(sending: Sending, transfer: Transfer): void {
    const { bytes, fault, at } = sending;
    const length = Math.min(transfer.length, PAYLOAD_BYTES) - PAYLOAD_HEAD_BYTES;
    sending.at += length;
    const isLast = sending.at >= bytes.length;
    const end = isLast && fault !== "no-end" ? END_OF_FRAME : 0;
    const error = fault === "error-flag" ? ERROR : 0;
    const head = Buffer.alloc(PAYLOAD_HEAD_BYTES);
    head[0] = PAYLOAD_HEAD_BYTES;
    head[1] = END_OF_HEAD | this.#frameId | end | error;
    if (isLast) this.#sending = undefined;
    this.#complete(transfer, Buffer.concat([head, bytes.subarray(at, at + length)]));
  }

  #pictureOf(mode: Mode): Buffer | undefined {
    const key = `${mode.pixels} ${mode.width}x${mode.height}`;
    if (!this.#pictures.has(key)) {
      this.#pictures.set(key, undefined);
      void basePicture(mode).then((picture) => {
        this.#pictures.set(key, picture);
        this.#pump();
      });
    }
    return this.#pictures.get(key);
  }
}
