// Fetches, decodes and draws the frames of a recording, so that the page itself has nothing to do with them.
import { FrameReader } from "./frame-reader.ts";
import { FrameTable } from "./frame-table.ts";
import { LedgerReader } from "./ledger-reader.ts";
import { scanMkv } from "./mkv-scan.ts";
import type { FromPlayer, ToPlayer } from "./player-messages.ts";
import { RangeFile, Refused } from "./range-file.ts";

const LOOK_AGAIN_MS = 500;
/** A ledger is read in pieces: that of a day has 150 MB. */
const LEDGER_PIECE_BYTES = 2 ** 20;
const NO_FRAME = "This recording has no frame.";
const TELL_EVERY_MS = 250;
/** A frame that took longer to come than this is not caught up with. */
const LATE_MS = 400;
const NOT_YET = "It is not on the disk yet.";
const DAMAGED = "Its data is damaged: it cannot be shown.";

function tell(message: FromPlayer): void {
  postMessage(message);
}

const signal = new AbortController().signal; // a player ends with its worker
const onTrouble = (trouble: string | undefined) => tell({ tell: "trouble", trouble });

let player: Player | undefined;
addEventListener("message", ({ data }: MessageEvent<ToPlayer>) => {
  if (data.do === "open") player = new Player(data);
  else player?.obey(data);
});

class Player {
  readonly #canvas: OffscreenCanvas;
  readonly #context: OffscreenCanvasRenderingContext2D;
  readonly #file: RangeFile;
  readonly #table = new FrameTable();
  readonly #reader: FrameReader;
  #isKnown = false;
  #isGrowing = false;
  /** The frame that is shown, or to be shown when there is one. */
  #n = 0;
  #turn: Promise<void> = Promise.resolve();
  /** The newest frame that is wanted: those before it that wait are passed over. */
  #wanted = -1;
  #playing: AbortController | undefined;
  #toldAt = 0;

  constructor({ canvas, file, ledger }: Extract<ToPlayer, { do: "open" }>) {
    this.#canvas = canvas;
    this.#context = canvas.getContext("2d", { alpha: false })!;
    this.#file = new RangeFile(file, onTrouble);
    this.#reader = new FrameReader(this.#file, this.#table, signal);
    const learning = ledger ? this.#readLedger(ledger) : this.#scan();
    learning.catch((error) => onTrouble(sentenceOf(error)));
  }

  obey(message: Exclude<ToPlayer, { do: "open" }>): void {
    if (message.do === "growing") this.#isGrowing = message.isGrowing;
    else if (message.do === "play") void this.#play(message.speed, message.loop);
    else {
      this.#pause();
      if (message.do === "seek") void this.#show(this.#table.newestAt(message.time), true);
      if (message.do === "step") void this.#show(this.#n + message.by, message.by > 0);
    }
  }

  async #readLedger(url: string): Promise<void> {
    const ledger = new RangeFile(url, onTrouble);
    const reader = new LedgerReader((frame) => this.#table.add(frame));
    for (let at = 0; !this.#table.isFull; ) {
      const bytes = await ledger.read(at, LEDGER_PIECE_BYTES, signal).catch((error) => {
        if (error instanceof Refused && at === 0) return undefined;
        throw error;
      });
      if (!bytes) return this.#scan(); // there is none
      reader.take(bytes);
      at += bytes.length;
      const isEnd = bytes.length === 0 || reader.isClosed;
      const isOver = isEnd && (reader.isClosed || !this.#isGrowing);
      this.#learnt(isOver);
      if (isOver) return;
      if (isEnd) await pause(LOOK_AGAIN_MS);
    }
    this.#learnt(true);
  }

  async #scan(): Promise<void> {
    for await (const frame of scanMkv(this.#file, signal)) {
      this.#table.add(frame);
      if (this.#table.isFull) break;
      if (performance.now() - this.#toldAt > TELL_EVERY_MS) this.#learnt(false);
    }
    this.#learnt(true);
  }

  #learnt(isKnown: boolean): void {
    const { count, isFull } = this.#table;
    this.#toldAt = performance.now();
    this.#isKnown = isKnown;
    if (count === 0 && isKnown) onTrouble(NO_FRAME);
    if (count === 0) return;
    const [from, to] = [this.#table.at(0)!.capturedAt, this.#table.at(count - 1)!.capturedAt];
    tell({ tell: "extent", count, from, to, gaps: this.#table.gaps(), isKnown, isCut: isFull });
    if (this.#wanted < 0) void this.#show(0, true);
  }

  /** Shows a frame, unless another one is wanted by the time it could be fetched. */
  #show(n: number, isForward: boolean): Promise<void> {
    const wanted = Math.min(Math.max(0, n), this.#table.count - 1);
    if (wanted < 0) return Promise.resolve();
    this.#wanted = this.#n = wanted;
    this.#turn = this.#turn.then(() => {
      if (wanted === this.#wanted) return this.#draw(wanted, isForward);
    });
    return this.#turn;
  }

  async #draw(n: number, isForward: boolean): Promise<void> {
    const { offset: _, ...frame } = this.#table.at(n)!;
    try {
      const jpeg = await this.#reader.jpeg(n, isForward);
      if (jpeg.length < frame.size) {
        tell({ tell: "shown", n, ...frame, run: frame.run, index: frame.index, problem: NOT_YET });
        return;
      }
      const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" }));
      const { width, height } = bitmap;
      if (this.#canvas.width !== width || this.#canvas.height !== height)
        Object.assign(this.#canvas, { width, height });
      this.#context.drawImage(bitmap, 0, 0);
      bitmap.close();
      tell({ tell: "shown", n, ...frame, run: frame.run, index: frame.index, width, height });
    } catch (error) {
      this.#reader.refetch(n);
      const problem = error instanceof Refused ? error.message : DAMAGED;
      tell({ tell: "shown", n, ...frame, run: frame.run, index: frame.index, problem });
    }
  }

  #pause(): void {
    this.#playing?.abort();
    this.#playing = undefined;
  }

  async #play(speed: number, loop: boolean): Promise<void> {
    this.#pause();
    const playing = new AbortController();
    this.#playing = playing;
    tell({ tell: "playing", isPlaying: true });
    const isAtEnd = () => this.#n >= this.#table.count - 1 && this.#isKnown;
    if (isAtEnd()) await this.#show(0, true);
    let [begun, from] = [performance.now(), this.#timeOf(this.#n)];
    const restart = () => {
      [begun, from] = [performance.now(), this.#timeOf(this.#n)];
    };
    while (!playing.signal.aborted) {
      if (isAtEnd()) {
        if (!loop) break;
        await this.#show(0, true);
        restart();
      }
      const next = this.#n + 1;
      if (next >= this.#table.count) {
        await pause(LOOK_AGAIN_MS / 2);
        restart();
        continue;
      }
      this.#reader.prepare(Math.min(next + Math.ceil(20 * speed), this.#table.count - 1));
      const dueMs = (this.#timeOf(next) - from) / speed - (performance.now() - begun);
      if (dueMs > 0) await pause(Math.min(dueMs, 100)); // it may be paused meanwhile
      if (dueMs > 100 || playing.signal.aborted) continue;
      const now = from + (performance.now() - begun) * speed;
      const asked = performance.now();
      await this.#show(Math.max(next, this.#table.newestAt(now)), true);
      if (performance.now() - asked > LATE_MS) restart();
    }
    if (this.#playing === playing) this.#playing = undefined;
    if (!this.#playing) tell({ tell: "playing", isPlaying: false });
  }

  #timeOf(n: number): number {
    return this.#table.at(n)?.capturedAt ?? 0;
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
