import { concatBytes } from "../base/bytes.ts";
import { ClientError } from "./client-error.ts";

/** What a client takes of an answer, so that no server can fill its memory or hold it for ever. */
export const ANSWER_LIMITS = {
  /** JSON and text, bytes: 64 MiB. */
  text: 64 * 2 ** 20,
  /** Anything else that is read whole, bytes: 512 MiB. Larger files are streamed from a link. */
  bytes: 512 * 2 ** 20,
  /** What is read of an error, bytes. */
  error: 64 * 1024,
  /** From the headers to the end of a text, ms. */
  textMs: 60_000,
  /** How deep JSON may be. */
  depth: 200,
};

/** The whole text of an answer. @throws {ClientError} `BAD_ANSWER` when it is longer than JSON is, or takes too long. */
export async function textOfAnswer(
  response: Response,
  maxBytes: number = ANSWER_LIMITS.text,
  withinMs: number = ANSWER_LIMITS.textMs,
): Promise<string> {
  const slow = () => badAnswer(response, `did not finish its answer within ${withinMs / 1000} s`);
  return new TextDecoder().decode(await wholeBody(response, maxBytes, { withinMs, slow }));
}

/** All bytes of an answer. @throws {ClientError} `BAD_ANSWER` when they are too many. */
export function bytesOfAnswer(response: Response): Promise<Uint8Array> {
  return wholeBody(response, ANSWER_LIMITS.bytes);
}

/** @throws {ClientError} `BAD_ANSWER` for JSON that is deeper than any value of a Thing is. */
export function assertShallow(json: string, url: string): void {
  if (json.length <= 2 * ANSWER_LIMITS.depth) return;
  let depth = 0;
  let isText = false;
  for (let at = 0; at < json.length; at++) {
    const code = json.charCodeAt(at);
    if (isText) {
      if (code === BACKSLASH) at += 1;
      else if (code === QUOTE) isText = false;
    } else if (code === QUOTE) isText = true;
    else if (code === BRACKET || code === BRACE) depth += 1;
    else if (code === BRACKET_END || code === BRACE_END) depth -= 1;
    if (depth > ANSWER_LIMITS.depth) {
      throw badAnswer({ url }, `answered with JSON deeper than ${ANSWER_LIMITS.depth} levels`);
    }
  }
}

const [QUOTE, BACKSLASH, BRACKET, BRACKET_END, BRACE, BRACE_END] = [34, 92, 91, 93, 123, 125];

async function wholeBody(
  response: Response,
  maxBytes: number,
  limit?: { readonly withinMs: number; readonly slow: () => ClientError },
): Promise<Uint8Array> {
  const reader = response.body?.getReader();
  if (!reader) return new Uint8Array(0);
  let late: ClientError | undefined;
  const timer = setTimeout(
    () => {
      late = limit?.slow();
      reader.cancel().catch(() => {}); // `late` says why
    },
    limit?.withinMs ?? 2 ** 31 - 1,
  );
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (late) throw late;
      if (done) return concatBytes(chunks);
      chunks.push(value);
      length += value.length;
      if (length > maxBytes) {
        throw badAnswer(response, `answered with more than ${maxBytes} bytes, the limit`);
      }
    }
  } finally {
    clearTimeout(timer);
    reader.cancel().catch(() => {}); // it may have ended, or broken already
  }
}

function badAnswer({ url }: { readonly url: string }, what: string): ClientError {
  return new ClientError("BAD_ANSWER", `${url} ${what}. Is that the address of a Thing?`, { url });
}
