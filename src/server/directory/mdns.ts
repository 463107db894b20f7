import type { Bonjour } from "bonjour-service";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";

/** One service as multicast DNS tells of it (RFC 6762, RFC 6763). */
export interface MulticastService {
  readonly name: string;
  /** Without underscore: `wot`. Always over TCP. */
  readonly type: string;
  readonly port: number;
  readonly host: string;
  readonly txt: Readonly<Record<string, string>>;
  readonly subtypes: readonly string[];
}

/** All that is needed of multicast DNS: a narrow door, so that another library or a test can stand in for it. */
export interface Multicast {
  /** Tells the network of a service, and answers who asks for it. */
  publish(service: MulticastService): void;
  /** Says goodbye for all of them. */
  unpublishAll(): Promise<void>;
  /** Lets go of the socket. */
  destroy(): Promise<void>;
}

const GOODBYE_MS = 500;

/** Tells the network of services until `stop`. */
export class Announcement {
  readonly #multicast: Multicast;

  constructor(multicast: Multicast, services: readonly MulticastService[]) {
    this.#multicast = multicast;
    for (const service of services) multicast.publish(service);
  }

  /** Says goodbye, so that nobody looks for what is gone; never waits for it longer than half a second. */
  async stop(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const patience = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, GOODBYE_MS);
    });
    await Promise.race([this.#multicast.unpublishAll(), patience]);
    clearTimeout(timer);
    await this.#multicast.destroy();
  }
}

/**
 * Multicast DNS by bonjour-service, which is loaded now; `undefined`, and a warning, when it cannot be: what is not
 * found by itself can still be reached.
 * @param networkAddress - This machine's address on the network that is to be told; the default network's if absent.
 */
export async function openMulticast(
  log: Log,
  networkAddress?: string,
): Promise<Multicast | undefined> {
  const warn = (error: unknown) =>
    log.warn(
      `Multicast DNS does not work, so nobody finds this server by itself: ${messageOf(error)}`,
    );
  try {
    const { default: Constructor } = await import("bonjour-service");
    // On Linux a socket that is bound to one address hears no multicast; the interface is chosen by its membership.
    const options = networkAddress ? { interface: networkAddress, bind: "0.0.0.0" } : {};
    const bonjour: Bonjour = Reflect.construct(Constructor, [options, warn]);
    onSocketError(bonjour, warn);
    return multicastBy(bonjour);
  } catch (error) {
    const isMissing =
      error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
    warn(
      isMissing
        ? new Error("bonjour-service is not installed. Install it: npm install bonjour-service")
        : error,
    );
    return undefined;
  }
}

function multicastBy(bonjour: Bonjour): Multicast {
  return {
    publish({ subtypes, txt, ...service }) {
      bonjour.publish({ ...service, protocol: "tcp", subtypes: [...subtypes], txt: { ...txt } });
    },
    unpublishAll: () => new Promise((resolve) => bonjour.unpublishAll(() => resolve())),
    destroy: () => new Promise((resolve) => bonjour.destroy(() => resolve())),
  };
}

/** The library tells of a port that it may not use by an event that ends a process which does not listen to it. */
function onSocketError(bonjour: Bonjour, warn: (error: unknown) => void): void {
  const server: unknown = Reflect.get(bonjour, "server");
  const mdns: unknown = typeof server === "object" && server && Reflect.get(server, "mdns");
  if (typeof mdns !== "object" || mdns === null || !("on" in mdns)) return;
  if (typeof mdns.on === "function") mdns.on("error", warn);
}
