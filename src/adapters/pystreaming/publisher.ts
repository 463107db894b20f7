import type { Publisher as PublisherSocket } from "zeromq";
import { BoundSocket, HANDSHAKE_MS } from "./bound-socket.ts";
import type { EndpointOptions } from "./endpoint.ts";
import type { Outlet, OutletCounts } from "./outlet.ts";
import { type PacketFields, partsOf } from "./packet.ts";
import { zeroMQ } from "./zeromq.ts";

/** Frames queued for each receiver: a slower one loses the rest, and notices by the numbers. */
const FRAMES_AHEAD = 3;

/** Sends each frame to all subscribers. */
export class Publisher implements Outlet {
  readonly #bound: BoundSocket<PublisherSocket>;
  #sent = 0;

  private constructor(bound: BoundSocket<PublisherSocket>) {
    this.#bound = bound;
  }

  static async open(
    endpoint: string,
    options: EndpointOptions,
    onPeers?: () => void,
  ): Promise<Publisher> {
    const { Publisher: Socket } = zeroMQ();
    const socket = new Socket({
      ...{ linger: 0, sendHighWaterMark: FRAMES_AHEAD, sendTimeout: 0 },
      ...{ handshakeInterval: HANDSHAKE_MS, maxMessageSize: 1024 },
    });
    return new Publisher(await BoundSocket.open(socket, endpoint, options, onPeers));
  }

  get endpoint(): string {
    return this.#bound.endpoint;
  }

  get counts(): OutletCounts {
    const { handshake = 0 } = this.#bound.complaints.counts;
    return { sent: this.#sent, overwritten: 0, refused: handshake, peers: this.#bound.peers };
  }

  offer(packet: PacketFields): void {
    const { socket } = this.#bound;
    const parts = partsOf(packet);
    if (socket.closed) return;
    this.#sent++;
    // A publisher's send completes at once: receivers without room are skipped.
    socket.send(parts).catch(() => {});
  }

  end(): void {}

  async close(): Promise<void> {
    await this.#bound.close();
  }
}
