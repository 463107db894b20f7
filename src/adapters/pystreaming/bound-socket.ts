import type { Socket } from "zeromq";
import { silentLog } from "../../base/log.ts";
import { Complaints } from "../complaints.ts";
import { admitEndpoint, bindProblem, type EndpointOptions } from "./endpoint.ts";

/** Longest time between a connection and its handshake, ms; then the peer is disconnected. */
export const HANDSHAKE_MS = 5000;
const LINGER_MS = 200;
/** Longest wait for the endpoint to be released, ms. */
const RELEASE_MS = 1000;

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
    const closed = this.endpoint.startsWith("inproc:") ? undefined : this.#closed();
    await this.socket.unbind(this.endpoint).catch(() => {});
    await closed;
    this.socket.linger = LINGER_MS;
    this.socket.close();
  }

  /** Resolves when the endpoint is closed: ZeroMQ closes it later, on a thread of its own. */
  #closed(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, RELEASE_MS);
      this.socket.events.on("close", () => {
        clearTimeout(timer);
        resolve();
      });
    });
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
