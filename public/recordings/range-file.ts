import type { ReadableFile } from "./mkv-scan.ts";

const FIRST_PAUSE_MS = 300;
const LONGEST_PAUSE_MS = 3000;
/** A request that nothing has come of for so long is made again. */
const ANSWER_MS = 20_000;

/** The server cannot give it now, and says why. */
class Unready extends Error {}

/** What is not there, or not for this user: asking again would change nothing. */
export class Refused extends Error {}

/** A file of a server, read by Range requests. A server that is gone is waited for, until the signal aborts. */
export class RangeFile implements ReadableFile {
  readonly #url: string;
  readonly #onTrouble: (trouble: string | undefined) => void;

  /** @param onTrouble - Told why nothing comes, and with undefined that it comes again. */
  constructor(url: string, onTrouble: (trouble: string | undefined) => void) {
    this.#url = url;
    this.#onTrouble = onTrouble;
  }

  /** @throws {Refused} with the server's sentence. */
  async read(at: number, length: number, signal: AbortSignal): Promise<Uint8Array> {
    const answer = await this.#ask(`bytes=${at}-${at + length - 1}`, signal);
    return answer.slice(0, length);
  }

  async #ask(range: string, signal: AbortSignal): Promise<Uint8Array> {
    let wasGone = false;
    for (let pauseMs = FIRST_PAUSE_MS; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        const limit = AbortSignal.any([signal, AbortSignal.timeout(ANSWER_MS)]);
        // A cache lets one request of an address wait for another, and would keep pieces of a file that grows.
        const request = { headers: { Range: range }, cache: "no-store", signal: limit } as const;
        const answer = await fetch(this.#url, request);
        const bytes = await bytesOf(answer);
        if (wasGone) this.#onTrouble(undefined);
        return bytes;
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof Refused) throw error;
        wasGone = true;
        this.#onTrouble(
          error instanceof Unready ? error.message : "The server does not answer. Trying again.",
        );
        await pause(pauseMs, signal);
      }
    }
  }
}

async function bytesOf(answer: Response): Promise<Uint8Array> {
  if (answer.status === 416) return new Uint8Array(); // the file ends before that
  if (answer.ok) return new Uint8Array(await answer.arrayBuffer());
  const { detail } = Object(await answer.json().catch(() => undefined));
  const sentence = typeof detail === "string" ? detail : `The server answers ${answer.status}.`;
  if (answer.status >= 500) throw new Unready(sentence);
  throw new Refused(sentence);
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(resolve, ms);
    signal.addEventListener("abort", () => {
      clearTimeout(timer);
      reject(signal.reason);
    });
  });
}
