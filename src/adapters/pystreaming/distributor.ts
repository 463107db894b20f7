import type { Router } from "zeromq";
import { BoundSocket, HANDSHAKE_MS } from "./bound-socket.ts";
import type { EndpointOptions } from "./endpoint.ts";
import type { Outlet, OutletCounts } from "./outlet.ts";
import { FRAMEMISS, NOTHING, type PacketFields, partsOf, STOPSTREAM, TRACKMISS } from "./packet.ts";
import { type Envelope, type Parts, Track, type TrackCounts } from "./track.ts";
import { zeroMQ } from "./zeromq.ts";

/** How long a request waits for a frame before it is answered with FRAMEMISS, ms. */
const HOLD_MS = 1000;
const CHECK_MS = 250;
const MAX_REQUEST_BYTES = 1024;
/** The maximum number of replies that wait for one worker. */
const REPLIES_AHEAD = 100;

/**
 * Gives each frame to one worker of each track, in order of their requests. A request waits until there is a frame: Python's
 * workers wait for the reply and need not poll.
 */
export class Distributor implements Outlet {
  readonly #bound: BoundSocket<Router>;
  readonly #tracks: ReadonlyMap<string, Track>;
  readonly #timer: NodeJS.Timeout;
  #refused = 0;
  #ended = false;

  private constructor(bound: BoundSocket<Router>, tracks: readonly string[]) {
    this.#bound = bound;
    this.#tracks = new Map(tracks.map((name) => [name, new Track(this.#reply)]));
    this.#timer = setInterval(() => this.#answerLateRequests(), CHECK_MS);
    this.#timer.unref();
    void this.#read();
  }

  static async open(
    endpoint: string,
    tracks: readonly string[],
    options: EndpointOptions,
    onPeers?: () => void,
  ): Promise<Distributor> {
    const { Router: Socket } = zeroMQ();
    // A ROUTER instead of the REP socket that workers expect: it may reply in a different order.
    const socket = new Socket({
      ...{ linger: 0, sendTimeout: 0, sendHighWaterMark: REPLIES_AHEAD, mandatory: true },
      ...{ handshakeInterval: HANDSHAKE_MS, maxMessageSize: MAX_REQUEST_BYTES },
      ...{ heartbeatInterval: 2000, heartbeatTimeout: 6000 },
    });
    return new Distributor(await BoundSocket.open(socket, endpoint, options, onPeers), tracks);
  }

  get endpoint(): string {
    return this.#bound.endpoint;
  }

  get counts(): OutletCounts {
    const { handshake = 0 } = this.#bound.complaints.counts;
    const tracks = [...this.#tracks.values()];
    return {
      sent: tracks.reduce((sum, { sent }) => sum + sent, 0),
      overwritten: tracks.reduce((sum, { overwritten }) => sum + overwritten, 0),
      refused: this.#refused + handshake,
      peers: this.#bound.peers,
    };
  }

  /** For each track, the frames sent and lost. */
  get perTrack(): ({ readonly name: string } & TrackCounts)[] {
    return [...this.#tracks].map(([name, track]) => ({ name, ...track.counts }));
  }

  offer(packet: PacketFields): void {
    const parts = partsOf(packet);
    for (const track of this.#tracks.values()) track.add(parts);
  }

  end(): void {
    this.#ended = true;
    for (const track of this.#tracks.values()) {
      for (const envelope of track.waiters()) this.#replyWithout(envelope, STOPSTREAM);
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const track of this.#tracks.values()) {
      // They ask again, and the next socket bound here replies.
      for (const envelope of track.waiters()) this.#replyWithout(envelope, FRAMEMISS);
    }
    await this.#bound.close();
  }

  async #read(): Promise<void> {
    try {
      for await (const parts of this.#bound.socket) this.#request(parts);
    } catch {
      // The socket was closed during the read.
    }
  }

  #request(parts: readonly Uint8Array[]): void {
    const [peer, empty, name] = parts;
    if (!peer || !empty || !name || parts.length !== 3 || empty.length > 0) {
      this.#complain(parts.length - 1);
      return;
    }
    const envelope = [peer, empty];
    const track = this.#tracks.get(Buffer.from(name).toString());
    if (!track) this.#replyWithout(envelope, TRACKMISS);
    else if (this.#ended && track.isEmpty) this.#replyWithout(envelope, STOPSTREAM);
    else if (!track.ask(envelope, performance.now() + HOLD_MS))
      this.#replyWithout(envelope, FRAMEMISS);
  }

  /** Resolves to whether the reply was sent. */
  readonly #reply = async (envelope: Envelope, parts: Parts): Promise<boolean> => {
    try {
      await this.#bound.socket.send([...envelope, ...parts]);
      return true;
    } catch {
      return false; // disconnected (EHOSTUNREACH) or not reading (EAGAIN)
    }
  };

  #replyWithout(envelope: Envelope, fno: number): void {
    void this.#reply(envelope, partsOf({ buf: NOTHING, meta: null, ftime: 0, fno }));
  }

  #answerLateRequests(): void {
    for (const track of this.#tracks.values()) {
      for (const envelope of track.waiters(performance.now()))
        this.#replyWithout(envelope, FRAMEMISS);
    }
  }

  #complain(parts: number): void {
    this.#refused++;
    this.#bound.complaints.add(
      "request",
      `A request at ${this.endpoint} has ${parts} parts, but must have two: an empty one and the name of a track. It was ignored. Use pystreaming's Worker, or a REQ socket.`,
    );
  }
}
