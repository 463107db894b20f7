import type { PictureSource, SavedPicture } from "../../frames/messages.ts";
import { framesServers } from "../../things/frames-servers.ts";
import { reloadOnce } from "../../things/reload.ts";

const ANSWER_MS = 25_000;

/** How a stream is received: over the one WebSocket of the server that gave the pages or is of its fleet, else as it is. */
export function sourceOf(src: string): PictureSource {
  const url = new URL(src, document.baseURI);
  const isOwn = url.origin === new URL(import.meta.url).origin;
  if (!(isOwn || framesServers.has(url.origin)) || url.search !== "") return { mjpeg: url.href };
  const socket = new URL("../frames", url);
  socket.protocol = socket.protocol.replace("http", "ws");
  const [stream, thing] = url.pathname.split("/").map(decodeURIComponent).reverse();
  return { socket: socket.href, stream: `${thing}/${stream}` };
}

/** What people call a stream: its Thing and its name. */
export function streamName(src: string): string {
  const [stream = "", thing = ""] = new URL(src, document.baseURI).pathname.split("/").reverse();
  return [thing, stream].map(decodeURIComponent).join(" ").trim();
}

/** Has the server try a source that has failed again at once; what comes of it is told as the state of the stream. */
export async function tryAgain(src: string): Promise<void> {
  const signal = AbortSignal.timeout(ANSWER_MS);
  const post = (url: string) => fetch(url, { method: "POST", signal }).catch(() => undefined);
  const stream = new URL(src, document.baseURI).href;
  const response = await post(`${stream}/retry`);
  if (response?.status === 401) reloadOnce("login"); // shows where to log in
  const { state } = Object(await response?.json().catch(() => {}));
  const thing = /([^/]+)\/[^/]+$/.exec(stream)?.[1];
  // Its Thing may not be open: then no source is tried.
  if (state === "failed") await post(new URL(`../things/${thing}/open`, stream).href);
}

/** The same frame in the size in which the camera gave it, as long as the server holds it. */
export async function fullPicture(saved: SavedPicture, src: string): Promise<SavedPicture> {
  const { run, index, width, fullWidth, fullHeight } = saved.report;
  if (width === fullWidth) return saved;
  const url = new URL(`${new URL(src, document.baseURI).href}/frames/${index}`);
  url.searchParams.set("run", run);
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(ANSWER_MS) });
    if (!response.ok) return saved;
    const jpeg = new Uint8Array(await response.arrayBuffer());
    return { jpeg, report: { ...saved.report, width: fullWidth, height: fullHeight } };
  } catch {
    return saved;
  }
}
