import type { FrameEntry, FrameGap } from "../frames/frame.ts";
import { readSentPicture } from "../frames/sent-picture.ts";
import { type Following, serverSentEvents } from "./event-stream.ts";
import { bareUrl, type ConnectionOptions, Http, parseUrl } from "./http.ts";
import { type JsonObject, objectOf, textOf } from "./json.ts";
import { Subscription } from "./subscription.ts";

/** What the server tells of one frame. A sharper picture compresses less, so its size tells how sharp it is. */
export type FrameSize = FrameEntry;

/** How sizes are followed. */
export interface FrameSizesOptions extends ConnectionOptions {
  readonly signal?: AbortSignal;
  /** Goes on after this frame, as far as the server remembers; else with the next frame to arrive. */
  readonly after?: { readonly run: string; readonly index: number };
}

/**
 * The size of every frame of a stream, each once and in order; what was missed is told. A connection that breaks is
 * made again, and the server tells what came meanwhile. Wait for `opened` before you move what is to be measured.
 *
 * @param streamUrl - E.g. `http://127.0.0.1:5000/camera/mjpeg_stream`.
 */
export function frameSizes(
  streamUrl: string,
  options: FrameSizesOptions = {},
): Subscription<FrameSize | FrameGap> {
  return frameSizesAt(new Http(streamUrl, options), under(streamUrl, "sizes"), options);
}

/** The same at the URL of the server-sent events themselves. */
export function frameSizesAt(
  http: Http,
  url: string,
  { signal, after }: FrameSizesOptions,
): Subscription<FrameSize | FrameGap> {
  return new Subscription((following) => sizesIn(http, url, after, following), signal);
}

/**
 * The next frame to arrive at the server after this request: its size, identity and time.
 * @param streamUrl - As of `frameSizes`.
 * @throws {ClientError} `NO_FRAME` when none comes, with the reason.
 * @returns With an empty `run`, index 0 and time 0 from a server that does not name its frames, such as labthings-fastapi's.
 */
export async function nextFrameSize(
  streamUrl: string,
  options: ConnectionOptions & { readonly signal?: AbortSignal } = {},
): Promise<FrameSize> {
  const http = new Http(streamUrl, options);
  const { signal } = options;
  const response = await http.request(under(streamUrl, "next_frame_size"), { signal });
  const { identity, capturedAt } = readSentPicture(new Map(response.headers));
  const size = await http.json<number>(response);
  return {
    run: identity?.run ?? "",
    index: identity?.index ?? 0,
    capturedAt: capturedAt ?? 0,
    size,
  };
}

async function* sizesIn(
  http: Http,
  url: string,
  after: FrameSizesOptions["after"],
  following: Following,
): AsyncGenerator<FrameSize | FrameGap, void> {
  const headers = after && { "Last-Event-ID": `${after.run}:${after.index}` };
  let last = after;
  const events = serverSentEvents(http, url, { ...following, ...(headers && { headers }) });
  for await (const { data } of events) {
    const told = readEntry(objectOf(http.parse(data, url)));
    if (!told) continue;
    if ("size" in told) yield* missed(last, told);
    yield told;
    last = "size" in told ? told : { run: told.run, index: "to" in told ? told.to : -1 };
  }
}

/** What lies between two frames and was not told, for example because the server has no memory of it. */
function* missed(last: FrameSizesOptions["after"], { run, index }: FrameSize): Generator<FrameGap> {
  if (!last) return;
  if (last.run !== run) yield { kind: "run", run, previousRun: last.run };
  const expected = last.run === run ? last.index + 1 : 0;
  if (index > expected) yield { kind: "gap", run, from: expected, to: index - 1 };
}

function readEntry(data: JsonObject): FrameSize | FrameGap | undefined {
  const { kind, run, ...rest } = data;
  if (typeof run !== "string") return undefined;
  const { index, capturedAt, size, from, to } = rest;
  if (typeof index === "number" && typeof capturedAt === "number" && typeof size === "number") {
    return { run, index, capturedAt, size };
  }
  const previousRun = textOf(rest.previousRun);
  if (kind === "run" && previousRun !== undefined) return { kind, run, previousRun };
  const isGap = kind === "gap" && typeof from === "number" && typeof to === "number";
  return isGap ? { kind, run, from, to } : undefined;
}

function under(streamUrl: string, name: string): string {
  const url = parseUrl(bareUrl(streamUrl));
  url.pathname = `${url.pathname.replace(/\/$/, "")}/${name}`;
  url.search = "";
  return url.href;
}
