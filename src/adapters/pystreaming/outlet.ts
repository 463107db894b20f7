import type { PacketFields } from "./packet.ts";
import type { TrackCounts } from "./track.ts";

/** Where a Streamer's frames go out: to all who listen, or to the next who asks. */
export interface Outlet {
  /** Where it is bound, with the port that was taken. */
  readonly endpoint: string;
  /** Hands a frame out, now. Nothing waits for anybody. */
  offer(packet: PacketFields): void;
  /** Tells who asks that the stream has ended. */
  end(): void;
  close(): Promise<void>;
  /** Frames that were handed out, and what was lost or refused. */
  readonly counts: OutletCounts;
  /** The same for each track, where frames are given to tracks. */
  readonly perTrack?: ({ readonly name: string } & TrackCounts)[];
}

/** What an outlet has done since it was opened. */
export interface OutletCounts {
  /** Frames handed out: published, or given to a worker. */
  readonly sent: number;
  /** Frames of a track that nobody fetched before newer ones took their place. */
  readonly overwritten: number;
  /** Requests that were no request for a frame. */
  readonly refused: number;
  /** Peers that are connected. */
  readonly peers: number;
}
