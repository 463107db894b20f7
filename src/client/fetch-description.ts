import { withDeadline } from "../base/abort.ts";
import { ClientError, unreachable } from "./client-error.ts";
import type { Http } from "./http.ts";
import { readThingDescription, type ThingDescription } from "./thing-description.ts";

/** How long a server may take for a Thing Description, ms. */
const CONNECT_MS = 30_000;
const TD_TYPES = "application/td+json, application/json;q=0.9";

/** Bodies that may have no end. */
const PICTURES = /^\s*(?:multipart|image|video)\//i;

/** What is at the address are pictures: nothing of them was read. */
export class PicturesInstead extends ClientError {
  constructor(url: string, type: string) {
    const why = `${url} gives pictures (${type}), not a Thing Description. Is that the address of a Thing?`;
    super("BAD_ANSWER", why, { url });
  }
}

/**
 * The Thing Description at an address, and where it came from in the end.
 * @throws {ClientError} `UNREACHABLE`; `BAD_ANSWER` when the address gives no Thing Description; the server's.
 */
export async function fetchDescription(
  http: Http,
  url: string,
  given?: AbortSignal,
): Promise<{ described: ThingDescription; from: string }> {
  const signal = given ?? new AbortController().signal;
  let late: AbortSignal | undefined;
  try {
    return await withDeadline(CONNECT_MS, signal, async (either) => {
      late = either;
      const response = await http.request(url, { accept: TD_TYPES, signal: either });
      const from = response.url || url;
      const type = response.headers.get("content-type") ?? "";
      if (PICTURES.test(type)) {
        await response.body?.cancel();
        throw new PicturesInstead(from, type);
      }
      return { described: readThingDescription(await http.json(response), from), from };
    });
  } catch (error) {
    if (!late?.aborted || signal.aborted) throw error;
    throw unreachable(url, new Error(`it did not answer within ${CONNECT_MS / 1000} s`));
  }
}
