import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delay, withDeadline } from "../base/abort.ts";
import { ThingError } from "../base/errors.ts";
import { silentLog } from "../base/log.ts";
import { didYouMean } from "../base/nearest.ts";
import { authorizationOf } from "../client/http.ts";
import type { Thing } from "../core/thing.ts";
import { ThingHost } from "../core/thing-host.ts";
import { findLocalCameras, findNetworkCameras, SEARCH_MS } from "../discovery/find-cameras.ts";
import type { FoundCamera } from "../discovery/found-camera.ts";
import { inspectJpeg } from "../frames/jpeg/jpeg.ts";
import { Camera } from "../instruments/camera.ts";
import { MjpegHttpSource } from "../sources/mjpeg-http.ts";
import { frameOrReason } from "../streams/frame-or-reason.ts";
import type { ClientIo } from "./client-output.ts";
import { isForPeople } from "./client-output.ts";
import { cannotWrite, type Target } from "./client-verbs.ts";
import { addressKind, cameraAt } from "./launch-camera.ts";
import { loadClass } from "./load-class.ts";
import { streamAt } from "./stream-at.ts";

/** Where a picture goes, and which one it is. */
export interface SnapshotChoices {
  /** A file; `-` is the standard output. By the camera's name when absent. */
  readonly output?: string;
  /** Which stream of a Thing. */
  readonly stream?: string;
  /** The https certificate of a server that nobody vouches for: its SHA-256 fingerprint, or a PEM file. */
  readonly trust?: string;
  /** Longest wait for a picture, s. */
  readonly wait: number;
}

interface FrameRequest {
  readonly credentials: Target["credentials"];
  readonly trust: string | undefined;
  readonly waitMs: number;
  /** Called when the server has responded with a stream. */
  readonly onOpen?: () => void;
}

/** With or without a scheme: `microscope:5000/camera/`. */
const HTTP = /^(https?:\/\/|[\w.-]+(:\d+)?\/)/i;
/** A camera that is opened may take longer than one that runs, s. */
const OPENING_S = 30;
const AGAIN_MS = 500;

/**
 * Writes one picture of a camera: of a Thing or a stream of any server, of a device, or of one that `thingscope cameras` lists.
 * @throws {ThingError} `NO_FRAME` with the reason; `NOT_FOUND` for a camera that is not there. {ClientError} when the server refuses.
 */
export async function snapshot(
  io: ClientIo,
  target: Target,
  { output, stream, trust, wait }: SnapshotChoices,
): Promise<void> {
  const isHttp = HTTP.test(target.url);
  const jpeg = await withDeadline((wait + OPENING_S) * 1000, io.signal, async (limit) =>
    isHttp
      ? overHttp(target, { stream, trust, waitMs: wait * 1000 }, limit)
      : ofCamera(await cameraNamed(target.url, limit), wait, limit),
  );
  const { width, height } = inspectJpeg(jpeg);
  if (output === "-") {
    io.out.write(jpeg);
    return;
  }
  const file = output ?? "snapshot.jpg";
  await writeFile(file, jpeg).catch(cannotWrite(file));
  const told = { file, width, height, bytes: jpeg.length };
  const sentence = `${file}: ${width} x ${height}, ${Math.ceil(jpeg.length / 1000)} kB`;
  io.out.write(`${isForPeople(io) ? sentence : JSON.stringify(told)}\n`);
}

interface OverHttp {
  readonly stream?: string | undefined;
  readonly trust?: string | undefined;
  readonly waitMs: number;
}

/** A picture, the first frame of a stream, or one of a Thing. */
async function overHttp(
  target: Target,
  { stream, trust, waitMs }: OverHttp,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { credentials } = target;
  const { url } = await streamAt(target, { stream, trust }, signal);
  let isStream = false;
  const onOpen = () => {
    isStream = true;
  };
  try {
    return await firstFrame(url, { credentials, trust, waitMs, onOpen }, signal);
  } catch (error) {
    if (signal.aborted || isStream || url.endsWith("/")) throw error;
    const thing = { ...target, url: `${url}/` }; // a Thing whose slash was left out
    const found = await streamAt(thing, { stream, trust }, signal).catch(() => {
      throw error;
    });
    if (found.url === thing.url) throw error;
    return firstFrame(found.url, { credentials, trust, waitMs }, signal);
  }
}

async function firstFrame(
  url: string,
  { credentials, trust, waitMs, onOpen }: FrameRequest,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const login = credentials && "username" in credentials ? credentials : undefined;
  const authorization = login ? undefined : authorizationOf(credentials);
  const limits = { startMs: waitMs, stallMs: waitMs };
  const source = new MjpegHttpSource(url, {
    ...limits,
    trust,
    onOpen,
    authorization,
    ...(login && { login }),
  });
  const over = new AbortController();
  let found: Uint8Array | undefined;
  const sink = {
    ...{ hasRoom: true, isSilent: false, room: () => undefined, lost: () => {} },
    take: ({ jpeg }: { jpeg: Uint8Array }) => {
      found ??= new Uint8Array(jpeg);
      over.abort();
      return false;
    },
  };
  await source.run(sink, AbortSignal.any([signal, over.signal]));
  signal.throwIfAborted();
  if (!found) throw new ThingError("NO_FRAME", `${source.address} sent no picture.`);
  return found;
}

/** A device, an address that is not http, or the id or title of a camera that is found. */
async function cameraNamed(text: string, signal: AbortSignal): Promise<Thing> {
  const kind = addressKind([text]);
  if (kind) return (await cameraAt(text, kind))[1];
  const local = (await findLocalCameras()).flatMap(({ cameras }) => cameras);
  const camera =
    local.find(isCalled(text)) ??
    (await findNetworkCameras({ ms: SEARCH_MS, signal }))
      .flatMap(({ cameras }) => cameras)
      .find(isCalled(text));
  if (!camera) throw noCamera(text, local);
  if (camera.problem) throw new ThingError("NOT_READY", camera.problem);
  const CameraClass = await loadClass(camera.config.class, process.cwd());
  return new CameraClass({ ...camera.config.kwargs });
}

function isCalled(text: string) {
  return ({ id, title, address }: FoundCamera) =>
    id === text || address === text || title.toLowerCase() === text.toLowerCase();
}

function noCamera(text: string, local: readonly FoundCamera[]): ThingError {
  const names = local.flatMap(({ id, title }) => [id, title]);
  const hint = didYouMean(text, names) || " thingscope cameras lists those that are there.";
  const sentence = `There is no camera '${text}'. Give a URL, a device such as /dev/video0, or an id.${hint}`;
  return new ThingError("NOT_FOUND", sentence);
}

/** A camera that was too slow for a picture of full size is asked again, for as long as the user waits. */
async function stillOf(camera: Camera, waitMs: number, signal: AbortSignal): Promise<Uint8Array> {
  const end = performance.now() + waitMs;
  for (;;) {
    try {
      return (await camera.takeStill(signal)).jpeg;
    } catch (error) {
      const isForNow = error instanceof ThingError && error.code === "NOT_READY";
      if (!isForNow || performance.now() > end) throw error;
      await delay(AGAIN_MS, signal);
    }
  }
}

/** Opens the camera for one picture. Its settings are of no one else. */
async function ofCamera(thing: Thing, wait: number, signal: AbortSignal): Promise<Uint8Array> {
  if (!(thing instanceof Camera)) throw new ThingError("BAD_ARGUMENT", "It is not a camera.");
  const settingsFolder = await mkdtemp(join(tmpdir(), "thingscope-snapshot-"));
  const host = new ThingHost({ settingsFolder, log: silentLog });
  const hosted = host.add("camera", thing);
  try {
    await host.open();
    hosted.assertOpen("take a picture");
    const patience = { waitMs: wait * 1000, startMs: OPENING_S * 1000, signal };
    const { mjpeg_stream: frames } = thing;
    await frameOrReason(frames, patience, (either) => frames.grab(either));
    return await stillOf(thing, wait * 1000, signal);
  } finally {
    await host.close();
    await rm(settingsFolder, { recursive: true, force: true });
  }
}
