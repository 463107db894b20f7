import { ThingError } from "../base/errors.ts";
import { didYouMean } from "../base/nearest.ts";
import { PicturesInstead } from "../client/fetch-description.ts";
import { bareUrl, parseUrl } from "../client/http.ts";
import { ThingClient } from "../client/index.ts";
import { httpFetch } from "../sources/http-fetch.ts";
import { type LoginData, loginIn } from "../sources/http-login.ts";
import type { Target } from "./client-verbs.ts";
import { serverAddress } from "./server-address.ts";

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
  const url = serverAddress(text);
  const parsed = parseUrl(url);
  const { pathname, search } = parsed;
  if (!pathname.endsWith("/") || search || (pathname === "/" && !wanted)) return { url };
  const login = loginOf(credentials) ?? loginIn(parsed);
  const connecting = ThingClient.connect(bareUrl(url), {
    ...{ credentials: login ? undefined : credentials, signal },
    ...ownFetch(parsed, login, trust),
  });
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
  if (found) return { url: withLoginOf(parsed, found), expectedFps: await framerateOf(thing) };
  const known = streams.map((one) => one.slice(one.lastIndexOf("/") + 1));
  throw new ThingError(
    "BAD_ARGUMENT",
    known.length === 0
      ? `Thing '${title}' has no stream. Give the URL of a camera.`
      : `Thing '${title}' has no stream '${wanted}'. It has: ${known.join(", ")}.${didYouMean(wanted ?? "", known)}`,
  );
}

/** A connection that logs in as the server wants it; over https, one that says which certificate it saw, and takes the one that is trusted. */
export function ownFetch(url: URL, login: LoginData | undefined, trust: string | undefined) {
  const isUsual = login === undefined && url.protocol === "http:";
  return isUsual ? {} : { fetch: httpFetch({ trust, login, loginAt: url }) };
}

/** A name and password, which are sent as the server wants them; undefined for a token, which is sent at once. */
export function loginOf(credentials: Target["credentials"]): LoginData | undefined {
  return credentials && "username" in credentials ? credentials : undefined;
}

/** The address of a stream with the login that stands in the address of its Thing, on the same server. */
function withLoginOf({ origin, username, password }: URL, stream: string): string {
  const url = new URL(stream);
  if (url.origin !== origin) return stream;
  Object.assign(url, { username, password });
  return url.href;
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
