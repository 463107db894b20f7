import type { PacketFields } from "./packet.ts";
import type { TrackCounts } from "./track.ts";

/** Sends a Streamer's frames: to all subscribers, or to the next worker that asks. */
export interface Outlet {
  /** Where it is bound, with the actual port. */
  readonly endpoint: string;
  /** Sends a frame without waiting. */
  offer(packet: PacketFields): void;
  /** Tells workers that ask that the stream has ended. */
  end(): void;
  close(): Promise<void>;
  /** Frames sent, lost and refused. */
  readonly counts: OutletCounts;
  /** The same for each track, if there are tracks. */
  readonly perTrack?: ({ readonly name: string } & TrackCounts)[];
}

/** Counters since the outlet was opened. */
export interface OutletCounts {
  /** Frames published, or sent to a worker. */
  readonly sent: number;
  /** Frames of a track that newer ones replaced before they were fetched. */
  readonly overwritten: number;
  /** Invalid requests. */
  readonly refused: number;
  /** Peers that are connected. */
  readonly peers: number;
}
