import { Agent as HttpAgent, get as httpGet, type IncomingHttpHeaders } from "node:http";
import { Agent as HttpsAgent, get as httpsGet } from "node:https";
import type { TokenAddresses } from "./token-addresses.ts";

/** Bytes of a frame. */
const MOST_BYTES = 256 * 2 ** 20;
/** A server that says nothing for so long is not reached, ms. */
const SILENT_MS = 10_000;
/** From the question to the last byte, ms: one that sends a byte now and then would hold its worker for ever. */
const WHOLE_MS = 60_000;
const KEEP_ALIVE = { keepAlive: true };

/** What a server has answered. */
export interface PictureAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

/** Fetches the frames of tickets by connections that are kept: `fetch` of Node 20 took a tenth, at least, of what a ticket costs. */
export class Pictures {
  readonly #http = new HttpAgent(KEEP_ALIVE);
  readonly #https = new HttpsAgent(KEEP_ALIVE);
  readonly #worker: string;
  readonly #token: string | undefined;
  readonly #addresses: Pick<TokenAddresses, "has">;
  readonly #wholeMs: number;

  /**
   * @param worker - Who asks: the server counts who has taken a ticket.
   * @param addresses - Where the token is sent, and nowhere else.
   * @param wholeMs - How long a picture may take.
   */
  constructor(
    worker: string,
    token: string | undefined,
    addresses: Pick<TokenAddresses, "has">,
    wholeMs = WHOLE_MS,
  ) {
    this.#wholeMs = wholeMs;
    this.#worker = encodeURIComponent(worker);
    this.#token = token;
    this.#addresses = addresses;
  }

  /** Rejects when the server is not reached, or `signal` aborts. */
  async get(url: string, signal: AbortSignal): Promise<PictureAnswer> {
    signal.throwIfAborted();
    const end = new AbortController();
    const limit = setTimeout(() => end.abort(tooSlow(this.#wholeMs)), this.#wholeMs);
    const onAbort = () => end.abort(signal.reason);
    signal.addEventListener("abort", onAbort);
    try {
      return await this.#get(url, end.signal);
    } catch (error) {
      end.signal.throwIfAborted(); // says more
      throw error;
    } finally {
      clearTimeout(limit);
      signal.removeEventListener("abort", onAbort);
    }
  }

  #get(url: string, signal: AbortSignal): Promise<PictureAnswer> {
    const isSafe = url.startsWith("https:");
    const hasToken = this.#token !== undefined && this.#addresses.has(url);
    const headers = {
      worker: this.#worker,
      ...(hasToken && { authorization: `Bearer ${this.#token}` }),
    };
    const options = { headers, signal, timeout: SILENT_MS };
    return new Promise((resolve, reject) => {
      const asked = isSafe
        ? httpsGet(url, { ...options, agent: this.#https })
        : httpGet(url, { ...options, agent: this.#http });
      asked.on("error", reject);
      asked.on("timeout", () => asked.destroy(new Error("the server says nothing")));
      asked.on("response", (response) => {
        const parts: Buffer[] = [];
        let bytes = 0;
        response.on("data", (part: Buffer) => {
          bytes += part.length;
          if (bytes > MOST_BYTES) response.destroy(new Error("the picture is too large"));
          else parts.push(part);
        });
        response.on("error", reject);
        response.on("end", () => {
          const { statusCode: status = 0, headers } = response;
          resolve({ status, headers, body: Buffer.concat(parts) });
        });
      });
    });
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }
}

function tooSlow(ms: number): Error {
  return new Error(`the picture was not there after ${ms / 1000} s`);
}
