import { Heartbeats, type SilenceLimits } from "../base/heartbeats.ts";
import { ClientError, unreachable } from "./client-error.ts";

/** Less than 10 s, within which a server that has vanished is to be noticed. */
export const SILENT_MS = 9000;

/** The chunks of a body; leaving the loop ends the connection. @throws {ClientError} `UNREACHABLE` when it breaks. */
export async function* chunksOf(response: Response): AsyncGenerator<Uint8Array, void> {
  const reader = response.body?.getReader();
  if (!reader) return;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } catch (error) {
    throw unreachable(response.url, error);
  } finally {
    await reader.cancel().catch(() => {}); // it may have broken already
  }
}

/** Notices that a server from which something should come has vanished: no connection ends by that. */
export function silenceOf(
  url: string,
  limits: SilenceLimits,
  onSilence: (error: ClientError) => void,
): Heartbeats {
  const heartbeats = new Heartbeats(limits, () => {
    const seconds = Math.round(heartbeats.silentMs / 1000);
    const why = `${url} has sent nothing for ${seconds} s: the server, or the network on the way to it, has become unreachable.`;
    onSilence(new ClientError("UNREACHABLE", why, { url }));
  });
  return heartbeats;
}
