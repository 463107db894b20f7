import { delay } from "../../src/base/abort.ts";
import { FramesSocket } from "../../src/client/frames-socket.ts";
import type { RemoteFrame } from "../../src/client/mjpeg-reader.ts";
import type { SocketFrame } from "../../src/client/socket-frames.ts";
import type { PictureSource, PictureStatus, Wanted } from "./messages.ts";

/** A picture that was received, by whichever way. */
export type Received = Omit<SocketFrame, "capturedAt" | "fullWidth" | "fullHeight"> & {
  readonly capturedAt: number | undefined;
  /** Pixels of the camera's picture, where the server tells. */
  readonly fullWidth: number | undefined;
  readonly fullHeight: number | undefined;
  /** How old it is now, ms. */
  readonly age: () => number;
};

export interface Receiver {
  onFrame(frame: Received): Promise<void>;
  onStatus(status: PictureStatus): void;
  onConnected(isConnected: boolean): void;
}

/** A socket that nothing is followed on is closed after this, ms. */
const IDLE_MS = 3000;
/** The status over HTTP of a server that has no `/frames`. */
const HAS_NONE = 404;
const RECONNECT_MS = 1000;

const sockets = new Map<string, FramesSocket>();
let onVersion: (version: string) => void = () => {};

/** Tells which pages a server has, at each connection. */
export function tellVersions(listener: (version: string) => void): void {
  onVersion = listener;
}

/** Connects at once where it waits to. */
export function retrySockets(): void {
  for (const socket of sockets.values()) socket.retry();
}

/** Receives a stream until the function that is returned is called. */
export function receive(source: PictureSource, wanted: Wanted, receiver: Receiver): () => void {
  return "socket" in source
    ? receiveBySocket(source, wanted, receiver)
    : receiveMjpeg(source.mjpeg, receiver);
}

function receiveBySocket(
  { socket: url, stream }: Extract<PictureSource, { socket: string }>,
  wanted: Wanted,
  receiver: Receiver,
): () => void {
  const socket = sockets.get(url) ?? new FramesSocket(url, { onVersion: (v) => onVersion(v) });
  sockets.set(url, socket);
  let leave = socket.follow(stream, {
    ...wanted,
    onFrame: (frame) =>
      receiver.onFrame({ ...frame, age: () => socket.serverNow - frame.capturedAt }),
    onStatus: (status) => receiver.onStatus(status),
    onProblem: (reason) => receiver.onStatus({ state: "refused", reason }),
    onConnected: (isConnected) => receiver.onConnected(isConnected),
    onRefused: ({ status, reason }) => {
      if (status === HAS_NONE) {
        end();
        leave = receiveMjpeg(mjpegUrlOf(url, stream), receiver);
      } else receiver.onStatus({ state: "refused", reason });
    },
  });
  const end = () => {
    leave();
    setTimeout(() => closeIdle(url, socket), IDLE_MS);
  };
  return end;
}

/** Other servers give streams, too. */
function mjpegUrlOf(socket: string, stream: string): string {
  const path = stream.split("/").map(encodeURIComponent).join("/");
  return new URL(path, socket.replace(/^ws/, "http")).href;
}

function closeIdle(url: string, socket: FramesSocket): void {
  if (!socket.isIdle || sockets.get(url) !== socket) return;
  sockets.delete(url);
  socket.close();
}

/** A stream of any server, or one that gives no `/frames`. */
function receiveMjpeg(url: string, receiver: Receiver): () => void {
  const leaving = new AbortController();
  void readMjpeg(url, receiver, leaving.signal);
  return () => leaving.abort();
}

async function readMjpeg(url: string, receiver: Receiver, signal: AbortSignal): Promise<void> {
  const { tell, onFrame } = tellingChanges(receiver);
  const onPlaceholder = (reason: string) => tell({ state: "failed", reason });
  while (!signal.aborted) {
    try {
      const { MJPEGReader } = await import("../../src/client/mjpeg-reader.ts"); // most pages need none
      for await (const frame of new MJPEGReader(url, { signal, onPlaceholder })) {
        tell({ state: "streaming" });
        await onFrame(frame);
      }
      tell({ state: "idle", reason: "The stream has ended." });
    } catch (error) {
      const { code, message } = Object(error);
      const state = code === "UNREACHABLE" ? "lost" : "refused";
      tell({ state, reason: String(message) });
    }
    await delay(RECONNECT_MS, signal).catch(() => {});
  }
}

/** A stream tells its state with every frame: only changes go on. */
function tellingChanges(receiver: Receiver) {
  const clock = new QuickestFrame();
  let told = "";
  const tell = (status: PictureStatus) => {
    const text = JSON.stringify(status);
    if (text === told) return;
    told = text;
    receiver.onConnected(status.state !== "lost");
    if (status.state !== "lost") receiver.onStatus(status);
  };
  const onFrame = ({ run, index, jpeg, capturedAt, receivedAt }: RemoteFrame) => {
    const about = { run, index, capturedAt, size: jpeg.length, ...SIZE_UNKNOWN };
    const age = clock.ageOf(capturedAt ?? receivedAt);
    return receiver.onFrame({ ...about, jpeg: new Uint8Array(jpeg), age });
  };
  return { tell, onFrame };
}

const SIZE_UNKNOWN = { width: 0, height: 0, fullWidth: undefined, fullHeight: undefined } as const;

/** A server whose clock is not this one's: the quickest frame is taken for one that took no time. */
class QuickestFrame {
  #least = Number.POSITIVE_INFINITY;

  ageOf(capturedAt: number): () => number {
    const took = ownNow() - capturedAt;
    this.#least = took > this.#least + 10_000 ? took : Math.min(this.#least, took);
    const isSameClock = this.#least >= 0 && this.#least < 1500;
    const offset = isSameClock ? 0 : this.#least;
    return () => ownNow() - capturedAt - offset;
  }
}

function ownNow(): number {
  return performance.timeOrigin + performance.now();
}
