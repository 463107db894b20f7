import { ThingError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest.ts";
import { PicturesInstead } from "../client/fetch-description.ts";
import { parseUrl } from "../client/http.ts";
import { ThingClient } from "../client/index.ts";
import { httpFetch } from "../sources/http-fetch.ts";
import type { Target } from "./client-verbs.ts";

/** What a Thing says of its rate is waited for so long. */
const RATE_MS = 2000;

/** A stream of a server. */
export interface FoundStream {
  readonly url: string;
  /** Frames a second that its Thing says it is set to give. */
  readonly expectedFps?: number | undefined;
}

/** Which stream, and whose certificate. */
interface StreamChoice {
  /** Its name; the first of the Thing when absent. */
  readonly stream?: string | undefined;
  /** The https certificate of a server that nobody vouches for: its SHA-256 fingerprint, or a PEM file. */
  readonly trust?: string | undefined;
}

/** The stream that an address means: itself, or one of the Thing that it describes. */
export async function streamAt(
  { url: text, credentials }: Target,
  { stream: wanted, trust }: StreamChoice,
  signal: AbortSignal,
): Promise<FoundStream> {
  const url = text.includes("://") ? text : `http://${text}`;
  const { pathname, search } = parseUrl(url);
  if (!pathname.endsWith("/") || search || (pathname === "/" && !wanted)) return { url };
  const connecting = ThingClient.connect(url, { credentials, signal, ...secureFetch(url, trust) });
  const thing = await connecting.catch((error: unknown) => {
    if (error instanceof PicturesInstead && wanted === undefined) return undefined;
    throw error;
  });
  if (!thing) return { url };
  const { td, title } = thing;
  const links = Array.isArray(td.links) ? td.links : [];
  const streams = links.flatMap(({ type, href }: { type?: unknown; href?: unknown }) =>
    type === "multipart/x-mixed-replace" ? [new URL(String(href), url).href] : [],
  );
  const found = wanted ? streams.find((one) => one.endsWith(`/${wanted}`)) : streams[0];
  if (found) return { url: found, expectedFps: await framerateOf(thing) };
  const known = streams.map((one) => one.slice(one.lastIndexOf("/") + 1));
  throw new ThingError(
    "BAD_ARGUMENT",
    known.length === 0
      ? `Thing '${title}' has no stream. Give the URL of a camera.`
      : `Thing '${title}' has no stream '${wanted}'. It has: ${known.join(", ")}.${didYouMean(wanted ?? "", known)}`,
  );
}

/** Over https, a connection that says which certificate it saw, and takes the one that is trusted. */
function secureFetch(url: string, trust: string | undefined) {
  return url.startsWith("https:") ? { fetch: httpFetch({ trust }) } : {};
}

/** What a Thing says of its rate: a Thing that does not is recorded all the same. */
async function framerateOf({ td, properties }: ThingClient): Promise<number | undefined> {
  const signal = AbortSignal.timeout(RATE_MS);
  for (const name of ["framerate", "mode"]) {
    if (!Object.hasOwn(Object(td.properties), name)) continue;
    const value: unknown = await properties[name]?.read({ signal }).catch(() => undefined);
    const rate = typeof value === "object" ? Reflect.get(value ?? {}, "framerate") : value;
    if (typeof rate === "number" && rate > 0) return rate;
  }
  return undefined;
}
