import { once } from "node:events";
import type { ServerResponse } from "node:http";
import { ignoreAbort, withDeadline } from "../../base/abort.ts";

const STALLED_MS = 30_000;

/** False when a reader takes nothing for 30 s, or has gone; it is cut off then: with its last event id it can come back. */
export async function drained(response: ServerResponse, gone: AbortSignal): Promise<boolean> {
  try {
    await withDeadline(STALLED_MS, gone, (signal) => once(response, "drain", { signal }));
    return true;
  } catch (error) {
    ignoreAbort(error);
    response.destroy();
    return false;
  }
}
