import { once } from "node:events";
import { createConnection } from "node:net";
import { ThingError } from "../../base/errors.ts";

const PORT = 4222;

/** A NATS server that greets, or why it does not. */
export interface Greeting {
  readonly server: string;
  readonly error?: unknown;
}

/**
 * What becomes of each NATS server, in the order in which that is known: all are asked at once, so that none waits for one that was cut
 * off. nats.js 3.4 alone would leave a socket open for each time that it tries one which hangs.
 * @param mostMs - How long a greeting is waited for.
 */
export async function* greetings(
  servers: readonly string[],
  mostMs: number,
): AsyncGenerator<Greeting, void> {
  const end = new AbortController();
  const waiting = new Map(
    servers.map((server, n) => {
      const greeting = greeted(server, mostMs, end.signal).then(
        (): Greeting => ({ server }),
        (error: unknown): Greeting => ({ server, error }),
      );
      return [n, greeting.then((greeting) => ({ n, greeting }))];
    }),
  );
  try {
    while (waiting.size > 0) {
      const { n, greeting } = await Promise.race(waiting.values());
      waiting.delete(n);
      yield greeting;
    }
  } finally {
    end.abort();
  }
}

/** Of a NATS server's address, which may have no scheme. */
export function placeOf(server: string): { readonly host: string; readonly port: number } {
  const address = server.includes("://") ? server : `nats://${server}`;
  if (!URL.canParse(address)) return { host: "", port: PORT };
  const { hostname, port } = new URL(address);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port || PORT) };
}

/** Resolves when a server has said something: it does so first, also where TLS follows. */
async function greeted(server: string, mostMs: number, signal: AbortSignal): Promise<void> {
  const socket = createConnection(placeOf(server));
  const over = new AbortController();
  const end = () => over.abort();
  const timer = setTimeout(end, mostMs);
  signal.addEventListener("abort", end);
  try {
    const left = once(socket, "end", over).then(() => {
      throw new ThingError("DISCONNECTED", "it ends connections at once");
    });
    await Promise.race([once(socket, "data", over), left]);
  } catch (error) {
    if (!over.signal.aborted) throw error;
    throw new ThingError("DISCONNECTED", "it does not answer in time");
  } finally {
    clearTimeout(timer);
    signal.removeEventListener("abort", end);
    end();
    socket.destroy();
  }
}
