import { connect, type Socket } from "node:net";
import { abortable } from "../../src/base/abort.ts";

/** An answer as it came over a connection. */
export interface RawAnswer {
  readonly status: number;
  readonly head: string;
  readonly body: Buffer;
}

/** A connection whose bytes its user writes, one answer after the other. */
export class RawConnection {
  readonly socket: Socket;
  readonly #signal: AbortSignal;
  #bytes = Buffer.alloc(0);

  constructor(url: string, signal: AbortSignal) {
    const { hostname, port } = new URL(url);
    this.socket = connect(Number(port), hostname);
    this.#signal = signal;
  }

  write(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** The next answer with its body, whose length its head tells; of an interim one the head. */
  async answer(): Promise<RawAnswer> {
    const head = (await this.until("\r\n\r\n")).toString("latin1");
    const status = Number(head.split(" ")[1]);
    const length = Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0);
    return { status, head, body: await this.take(status < 200 ? 0 : length) };
  }

  /** Bytes up to and with `end`. */
  async until(end: string): Promise<Buffer> {
    let at = this.#bytes.indexOf(end);
    for (; at < 0; at = this.#bytes.indexOf(end)) await this.#more();
    return this.take(at + end.length);
  }

  async take(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) await this.#more();
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  async #more(): Promise<void> {
    const chunk = await abortable(
      new Promise<Buffer>((resolve, reject) => {
        this.socket.once("data", resolve);
        this.socket.once("close", () => reject(new Error("the server ended the connection")));
      }),
      this.#signal,
    );
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
  }
}
