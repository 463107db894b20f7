import type { Transform } from "node:stream";
import { constants, createBrotliDecompress, createInflateRaw, createUnzip } from "node:zlib";
import type { PausingReader } from "../base/receive.ts";
import { thrownError } from "../base/thrown.ts";
import { HttpFault } from "./http-head.ts";

/** Codings of a response's body that are taken off. */
const KNOWN = /^(?:x-)?(gzip|deflate|br)\b/i;
const GZIP = 0x1f;
/** What a deflate body with the head of zlib begins with; nearly all have one (RFC 9110, 8.4.1.2). */
const ZLIB = 0x78;
/** A body that is cut off gives what it has. */
const ZLIB_OPTIONS = { finishFlush: constants.Z_SYNC_FLUSH };
const BROTLI_OPTIONS = { finishFlush: constants.BROTLI_OPERATION_FLUSH };
/** What uncoded pictures begin with: line ends, a boundary, a JPEG. */
const PLAIN: ReadonlySet<number> = new Set([10, 13, 45, 0xff]);

/** The coding of a response, by its `Content-Encoding`, that is taken off; undefined for none, and for one that is not known. */
export function knownCoding(contentEncoding: string): string | undefined {
  return KNOWN.exec(contentEncoding.trim())?.[1]?.toLowerCase();
}

/** Where a coded body comes from. */
interface Sender {
  /** Goes on after a pause. */
  resume(): void;
  /** Nothing more is wanted, or an error ends it. */
  end(error?: Error): void;
}

/**
 * Takes the content coding off a body, for another reader: proxies compress pictures that nobody wanted compressed. A body that
 * is not coded, although its head says so, is passed on as it is: its first byte shows it.
 */
export class CodedReader implements PausingReader {
  readonly #inner: PausingReader;
  readonly #coding: string;
  readonly #sender: Sender;
  #decoder: Transform | undefined;
  #isPlain = false;
  #isFull = false;
  #error: Error | undefined;

  constructor(inner: PausingReader, coding: string, sender: Sender) {
    this.#inner = inner;
    this.#coding = coding;
    this.#sender = sender;
  }

  get ended(): boolean {
    return this.#inner.ended ?? false;
  }

  get isPaused(): boolean {
    return this.#isFull || (this.#inner.isPaused ?? false);
  }

  read(bytes: Uint8Array): void {
    if (bytes.length === 0 || this.#error) return;
    if (!this.#decoder) this.#isPlain ||= PLAIN.has(bytes[0]!);
    if (this.#isPlain) {
      this.#inner.read(bytes);
      return;
    }
    this.#decoder ??= this.#decoding(bytes[0]!);
    this.#isFull = !this.#decoder.write(new Uint8Array(bytes)); // these are received into memory that is used again
  }

  /** Where coded bytes belong is not known. */
  place(): undefined {}

  received(): void {}

  /** The inner reader takes more. */
  resume(): void {
    this.#decoder?.resume();
  }

  /** Resolves when all that has come was passed on; rejects with what the inner reader threw, or why `signal` has aborted. */
  async finish(signal: AbortSignal): Promise<void> {
    const decoder = this.#decoder;
    if (decoder && !decoder.destroyed) {
      const onAbort = () => this.#end(decoder, thrownError(signal.reason));
      signal.addEventListener("abort", onAbort);
      await new Promise<void>((resolve) => {
        decoder.once("close", resolve);
        if (signal.aborted) onAbort();
        else decoder.end();
      });
      signal.removeEventListener("abort", onAbort);
    }
    if (this.#error) throw this.#error;
  }

  #decoding(first: number): Transform {
    const isBare = this.#coding === "deflate" && first !== ZLIB && first !== GZIP;
    const create = isBare ? createInflateRaw : createUnzip;
    const decoder =
      this.#coding === "br" ? createBrotliDecompress(BROTLI_OPTIONS) : create(ZLIB_OPTIONS);
    decoder.on("data", (bytes: Uint8Array) => this.#pass(bytes, decoder));
    decoder.on("drain", () => {
      this.#isFull = false;
      this.#sender.resume();
    });
    decoder.on("error", () => {
      const what = `its body is not in the content coding '${this.#coding}', as its head says`;
      this.#end(decoder, new HttpFault(what));
    });
    return decoder;
  }

  #pass(bytes: Uint8Array, decoder: Transform): void {
    try {
      this.#inner.read(bytes);
    } catch (error) {
      this.#end(decoder, thrownError(error));
      return;
    }
    if (this.ended) this.#end(decoder);
    else if (this.#inner.isPaused) decoder.pause();
  }

  #end(decoder: Transform, error?: Error): void {
    this.#error ??= error;
    decoder.destroy();
    this.#sender.end(error);
  }
}
