import { connect } from "node:net";
import type { Socket } from "zeromq";
import { delay } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import { silentLog } from "../../base/log.ts";
import { Complaints } from "../complaints.ts";
import { admitEndpoint, bindProblem, type EndpointOptions } from "./endpoint.ts";

/** Longest time between a connection and its handshake, ms; then the peer is disconnected. */
export const HANDSHAKE_MS = 5000;
const LINGER_MS = 200;
/** Longest wait for the endpoint to be released, ms. */
const RELEASE_MS = 1000;
const LOOK_EVERY_MS = 5;
/** How a socket that is bound to all addresses is reached. */
const ANY_HOST: ReadonlyMap<string, string> = new Map([
  ["0.0.0.0", "127.0.0.1"],
  ["::", "::1"],
  ["*", "127.0.0.1"],
]);

/** A bound socket, with the number of its peers and their protocol errors. */
export class BoundSocket<S extends Socket> {
  readonly socket: S;
  readonly complaints: Complaints;
  readonly endpoint: string;
  readonly #onPeers: () => void;
  #peers = 0;

  private constructor(socket: S, endpoint: string, complaints: Complaints, onPeers: () => void) {
    this.socket = socket;
    this.endpoint = endpoint;
    this.complaints = complaints;
    this.#onPeers = onPeers;
  }

  /** Connections, including those whose handshake is pending. */
  get peers(): number {
    return this.#peers;
  }

  /**
   * Binds a socket.
   * @param onPeers - Called when a peer has connected or disconnected.
   * @throws {ThingError} `BAD_ARGUMENT` for an invalid address, or one that is not allowed; `PORT_IN_USE`.
   */
  static async open<S extends Socket>(
    socket: S,
    endpoint: string,
    options: EndpointOptions,
    onPeers: () => void = () => {},
  ): Promise<BoundSocket<S>> {
    const complaints = new Complaints(options.log ?? silentLog);
    try {
      admitEndpoint(endpoint, options);
      await socket.bind(endpoint).catch((error: unknown) => {
        throw bindProblem(error, endpoint);
      });
    } catch (error) {
      socket.close();
      throw error;
    }
    const bound = new BoundSocket(socket, socket.lastEndpoint ?? endpoint, complaints, onPeers);
    bound.#watch();
    return bound;
  }

  /** Releases the endpoint, and sends the last messages to connected peers. */
  async close(): Promise<void> {
    if (this.socket.closed) return;
    this.socket.linger = LINGER_MS;
    // Not unbound first: libzmq 4.3.5 aborts the process when a peer leaves while its listener is being unbound.
    this.socket.close();
    await released(this.endpoint);
  }

  #watch(): void {
    const { events } = this.socket;
    events.on("accept", () => this.#count(1));
    events.on("disconnect", () => this.#count(-1));
    const complain = () =>
      this.complaints.add(
        "handshake",
        `A client that connected to ${this.endpoint} does not speak ZeroMQ and was disconnected.`,
      );
    events.on("handshake:error:other", complain);
    events.on("handshake:error:protocol", complain);
    events.on("handshake:error:auth", complain);
  }

  #count(by: number): void {
    this.#peers = Math.max(0, this.#peers + by);
    this.#onPeers();
  }
}

/** Resolves when nothing listens at an endpoint any more: ZeroMQ closes it later, on a thread of its own. */
async function released(endpoint: string): Promise<void> {
  const [, host = "", port] = /^tcp:\/\/\[?([^\]]*)\]?:(\d+)$/.exec(endpoint) ?? [];
  const [, path] = /^ipc:\/\/([^@].*)$/.exec(endpoint) ?? [];
  const address = path ? { path } : { host: ANY_HOST.get(host) ?? host, port: Number(port) };
  if (!path && !port) return; // within this process
  const end = now() + RELEASE_MS;
  while ((await isOpen(address)) && now() < end) await delay(LOOK_EVERY_MS);
}

function isOpen(address: { path: string } | { host: string; port: number }): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(address);
    const tell = (isConnected: boolean) => {
      socket.destroy();
      resolve(isConnected);
    };
    socket.once("connect", () => tell(true));
    socket.once("error", () => tell(false));
  });
}
