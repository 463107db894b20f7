import type { Socket } from "zeromq";
import { silentLog } from "../../base/log.ts";
import { Complaints } from "../complaints.ts";
import { admitEndpoint, bindProblem, type EndpointOptions } from "./endpoint.ts";

/** Longest time between a connection and its handshake, ms: who says nothing is hung up on. */
export const HANDSHAKE_MS = 5000;
const FAREWELL_MS = 200;
/** Longest wait for the endpoint to be free, ms. */
const FREED_MS = 1000;

/** A socket that others connect to, who is connected to it, and what they do wrong. */
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

  /** Connections, those included whose handshake is still to come. */
  get peers(): number {
    return this.#peers;
  }

  /**
   * Binds a socket.
   * @param onPeers - Called when somebody has come or gone.
   * @throws {ThingError} `BAD_ARGUMENT` for an address that is none, or that others reach; `PORT_IN_USE`.
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

  /** Gives the endpoint free, and says what was said last to who is still connected. */
  async close(): Promise<void> {
    if (this.socket.closed) return;
    const freed = this.endpoint.startsWith("inproc:") ? undefined : this.#freed();
    await this.socket.unbind(this.endpoint).catch(() => {});
    await freed;
    this.socket.linger = FAREWELL_MS;
    this.socket.close();
  }

  /** Resolves when nobody listens at the endpoint any more: ZeroMQ closes it on a thread of its own, some time later. */
  #freed(): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(resolve, FREED_MS);
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
        `Somebody connected to ${this.endpoint} who does not speak ZeroMQ, and was hung up on.`,
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
