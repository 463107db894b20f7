import { ClientError, unreachable } from "./client-error.ts";

const LONGEST_TICK_MS = 1000;

/**
 * The chunks of a body; leaving the loop ends the connection.
 * @param silentMs - Longest wait for a byte: a server that has vanished ends no connection. Ticks of a timer are counted, so that a
 * while in which this program itself was busy or suspended is not held against the server.
 * @throws {ClientError} `UNREACHABLE` when it breaks, or is silent for too long.
 */
export async function* chunksOf(
  response: Response,
  silentMs = Number.POSITIVE_INFINITY,
): AsyncGenerator<Uint8Array, void> {
  const reader = response.body?.getReader();
  if (!reader) return;
  const cancel = () => reader.cancel().catch(() => {}); // it may have broken already
  const tickMs = Math.min(LONGEST_TICK_MS, silentMs / 8);
  let ticks: number | undefined;
  let isSilent = false;
  const timer = setInterval(() => {
    if (ticks === undefined) return; // what has come is being used: nothing is waited for
    ticks += 1;
    isSilent = ticks * tickMs >= silentMs;
    if (isSilent) void cancel();
  }, tickMs);
  try {
    for (;;) {
      ticks = 0;
      const { done, value } = await reader.read();
      ticks = undefined;
      if (isSilent) throw silent(response.url, silentMs);
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw error instanceof ClientError ? error : unreachable(response.url, error);
  } finally {
    clearInterval(timer);
    await cancel();
  }
}

/** The error for a server that has stood for a while and is not heard of any more. */
export function silent(url: string, ms: number): ClientError {
  return new ClientError(
    "UNREACHABLE",
    `${url} has sent nothing for ${Math.round(ms / 1000)} s: the server, or the network on the way to it, is gone.`,
    { url },
  );
}
