import { hostname } from "node:os";
import type { Bonjour } from "bonjour-service";
import { messageOf } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { openBonjour } from "../../discovery/network/bonjour.ts";
import { isLoopback } from "../http/listen.ts";

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
  /** Announces a service on the network and answers queries for it. */
  publish(service: MulticastService): void;
  /** Says goodbye for all of them. */
  unpublishAll(): Promise<void>;
  /** Releases the socket. */
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
      `Multicast DNS does not work, so clients cannot discover this server: ${messageOf(error)}`,
    );
  try {
    const bonjour = await openBonjour(warn, networkAddress);
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

/** Where the Things are that a network is told of. */
interface AnnouncedPlace extends Pick<WotServicesOptions, "prefix" | "port"> {
  /** The address that the server listens on. */
  readonly host: string;
  readonly isSecure: boolean;
  /** This machine's address on the network that is to be told; the default network's if undefined. */
  readonly network: string | undefined;
}

/** Tells a network of Things; undefined, and a warning, where that makes no sense or does not work. */
export async function announceThings(
  things: Iterable<string>,
  { host, network, prefix, port, isSecure }: AnnouncedPlace,
  log: Log,
): Promise<Announcement | undefined> {
  if (isLoopback(host) && network === undefined) {
    log.warn(
      `The Things are not announced by multicast DNS, because other machines cannot reach '${host}'. Allow them with --lan, or listen on an address of the network with --host.`,
    );
    return undefined;
  }
  const multicast = await openMulticast(log, network);
  const services = wotServices(things, { prefix, port, secure: isSecure });
  return multicast && new Announcement(multicast, services);
}

interface WotServicesOptions {
  readonly prefix: string;
  readonly port: number;
  readonly secure?: boolean;
  /** This machine's, with or without a domain. */
  readonly machine?: string;
}

/** A DNS label is no longer, bytes. */
const LONGEST_NAME = 63;

/**
 * What is announced of Things: one service for each, and one for their directory.
 * @see W3C WoT Discovery, 6.2 DNS-SD; RFC 6763.
 */
export function wotServices(
  things: Iterable<string>,
  { prefix, port, secure = false, machine = hostname() }: WotServicesOptions,
): MulticastService[] {
  const short = machine.split(".")[0]!.toLowerCase();
  const service = (what: string, td: string, type: "Thing" | "Directory"): MulticastService => ({
    // Names must be the only ones of their kind on the network, and two servers may both have a camera.
    name: shortened(`${what} on ${short}:${port}`),
    type: "wot",
    port,
    host: `${short}.local`,
    // In this order, and without the scheme where it is http: a public checker takes a third key for part of the type.
    txt: { td, type, ...(secure && { scheme: "https" }) },
    subtypes: type === "Directory" ? ["directory"] : [],
  });
  return [
    service("Things", "/.well-known/wot", "Directory"),
    ...[...things].map((name) => service(name, `${prefix}/${name}/`, "Thing")),
  ];
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

/** All names are ASCII, so that characters are bytes. Its end, with machine and port, is what makes it unique. */
function shortened(name: string): string {
  const surplus = name.length - LONGEST_NAME;
  return surplus <= 0 ? name : `${name.slice(0, 20)}~${name.slice(21 + surplus)}`;
}
