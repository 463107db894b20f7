import type { Socket } from "node:net";
import { now } from "../base/clock.ts";
import { ThingError } from "../base/errors.ts";
import { plainHandleOf, type SocketHandle, sendToEach } from "../base/send-to-each.ts";
import { slowReaders } from "../base/slow-readers.ts";
import { heartbeatPart, streamOpening } from "../frames/frame-memory.ts";
import type { StoredPicture, View } from "../frames/stored-picture.ts";

/** What viewers may cost. */
export interface ViewerOptions {
  /** More viewers than this are refused. */
  readonly maxViewers?: number;
  /** A viewer that takes no whole part for this long, while one is waiting for it, is ended. */
  readonly stallMs?: number;
  /** How often a viewer that wants it is told that the stream still stands, ms. One that hears nothing for 9 s takes the server for gone. */
  readonly heartbeatMs?: number;
  /** Counts to go on with: outlets that share them share the limit too. */
  readonly stats?: ViewerStats;
}

/** How one viewer is begun. */
interface ViewerBeginning {
  /** A picture to show at once. */
  readonly first?: StoredPicture | undefined;
  /** Whether it is told every 3 s that the stream still stands. In Chromium's view there is no room for that. */
  readonly wantsHeartbeats?: boolean;
  /** Called once, when the viewer has gone. */
  readonly onEnd?: () => void;
}

/** What viewers were sent, and were not. */
export interface ViewerStats {
  /** Watching now. */
  viewers: number;
  /** Refused because there were too many. */
  refusedViewers: number;
  /** Pictures written to viewers. */
  sentFrames: number;
  /** Pictures that a viewer was too slow for. */
  skippedFrames: number;
  /** Viewers ended because they made no progress. */
  endedStalled: number;
}

interface Viewer {
  readonly socket: Socket;
  readonly handle: SocketHandle | undefined;
  readonly view: View;
  readonly hasHeartbeats: boolean;
  /** The newest picture that came while the socket was busy. */
  waiting: StoredPicture | undefined;
  /** Bytes of whole writes that left for the kernel, when last looked at. */
  bytesOut: number;
  /** When `bytesOut` last changed, or the socket became busy, epoch ms. */
  progressAt: number;
}

const VIEWS: readonly View[] = ["program", "chromium"];
const passedOver = slowReaders("viewer", "newest");
const cutViewers = slowReaders("viewer", "cut");
const NOTHING = new Uint8Array(0);

/**
 * Writes each picture to every viewer's socket. A viewer has at most one part under way and passes over pictures
 * meanwhile, so it delays nobody and costs one part of memory, which all viewers share.
 */
export class ViewerFanOut {
  readonly options: Required<ViewerOptions>;
  readonly #viewers = new Set<Viewer>();
  readonly #heartbeat: () => Uint8Array;
  #watch: NodeJS.Timeout | undefined;
  #heart: NodeJS.Timeout | undefined;

  /** @param heartbeat - The part that says so, as it is now. */
  constructor(options: ViewerOptions = {}, heartbeat: () => Uint8Array = heartbeatPart) {
    this.#heartbeat = heartbeat;
    const { maxViewers = 500, stallMs = 30_000, heartbeatMs = 3000, stats = noViewers() } = options;
    this.options = { maxViewers, stallMs, heartbeatMs, stats };
  }

  get stats(): ViewerStats {
    return this.options.stats;
  }

  /** How many watch this very outlet. */
  get count(): number {
    return this.#viewers.size;
  }

  /** Whether some viewer has taken all that it was sent: a source that makes frames on demand may make one. */
  get hasReadyViewer(): boolean {
    for (const { socket } of this.#viewers) {
      if (socket.writableLength === 0) return true;
    }
    return false;
  }

  /** @throws {ThingError} `TOO_MANY_VIEWERS` when no more can be added. */
  assertRoom(): void {
    const { viewers } = this.stats;
    if (viewers < this.options.maxViewers) return;
    this.stats.refusedViewers += 1;
    throw new ThingError(
      "TOO_MANY_VIEWERS",
      `This stream already has ${viewers} viewers, which is its limit. Close one, or try again in a few seconds.`,
    );
  }

  /**
   * Sends pictures to a socket whose response head has been written, until it closes.
   *
   * @throws {ThingError} `TOO_MANY_VIEWERS` when no more can be added.
   */
  add(
    socket: Socket,
    view: View,
    { first, wantsHeartbeats = false, onEnd }: ViewerBeginning = {},
  ): void {
    this.assertRoom();
    const viewer: Viewer = {
      ...{ socket, view, handle: plainHandleOf(socket) },
      hasHeartbeats: wantsHeartbeats && view === "program",
      ...{ waiting: undefined, bytesOut: 0, progressAt: now() },
    };
    this.#viewers.add(viewer);
    this.stats.viewers += 1;
    socket.setNoDelay(true);
    socket.on("error", () => {}); // "close" follows, and is all there is to do
    socket.on("drain", () => this.#sendWaiting(viewer));
    socket.once("close", () => {
      this.#viewers.delete(viewer);
      viewer.waiting?.release();
      viewer.waiting = undefined;
      this.stats.viewers -= 1;
      if (this.#viewers.size === 0) this.#endWatch();
      onEnd?.();
    });
    if (viewer.hasHeartbeats)
      this.#heart ??= setInterval(() => this.#beat(), this.options.heartbeatMs).unref();
    this.#watch ??= setInterval(() => this.#endStalled(), this.options.stallMs / 10).unref();
    socket.write(streamOpening(view), () => this.#sendWaiting(viewer));
    if (first) this.#offer([viewer], first, view);
  }

  /** Shows a picture to every viewer, now or, to those still busy, when they are ready and none is newer. */
  send(picture: StoredPicture): void {
    for (const view of VIEWS) this.#offer(this.#viewers, picture, view);
  }

  /** Ends every viewer at once: those that have taken all they were sent politely, the others abruptly. */
  end(): void {
    for (const { socket } of this.#viewers) {
      if (socket.writableLength > 0) socket.destroy();
      else socket.destroySoon();
    }
  }

  /** To those of `viewers` that have this view: now, or, to the busy ones, later. */
  #offer(viewers: Iterable<Viewer>, picture: StoredPicture, view: View): void {
    const ready: Viewer[] = [];
    for (const viewer of viewers) {
      if (viewer.view !== view) continue;
      if (viewer.socket.writableLength > 0) this.#postpone(viewer, picture);
      else ready.push(viewer);
    }
    if (ready.length > 0) this.#deliver(ready, picture, view);
  }

  #deliver(ready: readonly Viewer[], picture: StoredPicture, view: View): void {
    const bytes = picture.bytes(view);
    const taken = sendToEach(ready, bytes);
    this.stats.sentFrames += ready.length;
    for (let i = 0; i < ready.length; i++) {
      if (taken[i] === bytes.length) continue;
      this.#writeRest(ready[i]!, bytes.subarray(taken[i]), picture);
    }
  }

  #postpone(viewer: Viewer, picture: StoredPicture): void {
    if (viewer.waiting) {
      this.stats.skippedFrames += 1;
      passedOver();
    }
    viewer.waiting?.release();
    picture.retain();
    viewer.waiting = picture;
  }

  #writeRest(viewer: Viewer, bytes: Uint8Array, picture: StoredPicture): void {
    const { socket } = viewer;
    if (!socket.writable) return; // it closes, and is about to leave
    picture.retain();
    const drained = socket.write(bytes, () => picture.release()); // called on errors, too
    if (socket.writableLength === 0) return;
    viewer.progressAt = now();
    viewer.bytesOut = bytesOut(socket);
    // A part below the socket's high water mark brings no "drain" later: an empty write after it tells instead.
    if (drained) socket.write(NOTHING, () => this.#sendWaiting(viewer));
  }

  #sendWaiting(viewer: Viewer): void {
    const { waiting } = viewer;
    if (!waiting || viewer.socket.destroyed) return;
    viewer.waiting = undefined;
    this.#offer([viewer], waiting, viewer.view);
    waiting.release();
  }

  /** A viewer that is being sent a picture hears of the stream by that. */
  #beat(): void {
    const heartbeat = this.#heartbeat();
    for (const viewer of this.#viewers) {
      const { socket, hasHeartbeats } = viewer;
      if (!hasHeartbeats || !socket.writable || socket.writableLength > 0) continue;
      socket.write(heartbeat, () => this.#sendWaiting(viewer));
    }
  }

  #endStalled(): void {
    const time = now();
    for (const viewer of this.#viewers) {
      const out = bytesOut(viewer.socket);
      if (viewer.socket.writableLength === 0 || out !== viewer.bytesOut) {
        viewer.bytesOut = out;
        viewer.progressAt = time;
      } else if (time - viewer.progressAt >= this.options.stallMs) {
        this.stats.endedStalled += 1;
        cutViewers();
        cutOff(viewer.socket);
      }
    }
  }

  #endWatch(): void {
    clearInterval(this.#watch);
    clearInterval(this.#heart);
    this.#watch = undefined;
    this.#heart = undefined;
  }
}

function noViewers(): ViewerStats {
  return { viewers: 0, refusedViewers: 0, sentFrames: 0, skippedFrames: 0, endedStalled: 0 };
}

function bytesOut(socket: Socket): number {
  return socket.bytesWritten - socket.writableLength;
}

/** Closes with a reset where that is possible, so that the kernel does not keep what will never be read. */
function cutOff(socket: Socket): void {
  const plainTcp = socket.remoteFamily !== undefined && !("encrypted" in socket);
  if (plainTcp) socket.resetAndDestroy();
  else socket.destroy();
}
