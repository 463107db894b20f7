import { ThingError } from "../base/errors.ts";
import type { LoginData } from "./http-login.ts";
import { callSoap, elementIn, elementsIn, textIn } from "./soap.ts";

/** A stream that an ONVIF device offers. */
export interface OnvifProfile {
  readonly token: string;
  readonly name: string;
  readonly width: number | undefined;
  readonly height: number | undefined;
  /** Whether it belongs to a head that turns. */
  readonly hasPtz: boolean;
}

interface OnvifAt {
  readonly url: URL;
  readonly login: LoginData | undefined;
  readonly fingerprint: string | undefined;
}

const DEVICE = "http://www.onvif.org/ver10/device/wsdl";
export const MEDIA = "http://www.onvif.org/ver10/media/wsdl";
const SHORTEST_ERROR_MS = 2000;
const MOST_PROFILES = 32;

/** What an ONVIF device has said of itself: its clock, where its services are, its profiles. */
export class OnvifSession {
  readonly profiles: readonly OnvifProfile[];
  readonly #at: OnvifAt;
  readonly #aheadMs: number;
  readonly #media: URL;
  readonly #ptz: URL | undefined;

  private constructor(
    at: OnvifAt,
    found: { aheadMs: number; media: URL; ptz: URL | undefined; profiles: OnvifProfile[] },
  ) {
    this.#at = at;
    this.#aheadMs = found.aheadMs;
    this.#media = found.media;
    this.#ptz = found.ptz;
    this.profiles = found.profiles;
  }

  /** @throws {ThingError} `SOURCE_FAILED` with its refusal; errors of the network as they are. */
  static async begin(at: OnvifAt, signal: AbortSignal): Promise<OnvifSession> {
    const aheadMs = await aheadOf(at, signal);
    const call = (url: URL, body: string) => callSoap({ ...at, url, body, aheadMs, signal });
    const about = await call(
      at.url,
      `<GetCapabilities xmlns="${DEVICE}"><Category>All</Category></GetCapabilities>`,
    );
    const media = serviceIn(about, "Media", at.url);
    if (!media) throw failedAt(at.url, "has no media service");
    const profiles = profilesIn(await call(media, `<GetProfiles xmlns="${MEDIA}"/>`));
    return new OnvifSession(at, { aheadMs, media, ptz: serviceIn(about, "PTZ", at.url), profiles });
  }

  /** Whether it can turn, as far as its services tell. */
  get hasPtz(): boolean {
    return this.#ptz !== undefined;
  }

  /** Asks the service for streams and snapshots. @returns Its answer, faults included. */
  askMedia(body: string, signal: AbortSignal): Promise<string> {
    return this.#ask(this.#media, body, signal);
  }

  /** Asks the service for heads that turn. @throws {ThingError} `SOURCE_FAILED` with its refusal. */
  async askPtz(body: string, signal: AbortSignal): Promise<string> {
    if (!this.#ptz) throw failedAt(this.#at.url, "has no PTZ service");
    const answer = await this.#ask(this.#ptz, body, signal);
    const fault = faultIn(answer);
    if (fault !== undefined) throw failedAt(this.#at.url, `refused it: ${fault}`);
    return answer;
  }

  /** @param wanted - The token or name of a profile; the first one when absent. @throws {ThingError} `SOURCE_FAILED`. */
  profile(wanted?: string): OnvifProfile {
    const found =
      wanted === undefined
        ? this.profiles[0]
        : this.profiles.find(({ token, name }) => token === wanted || name === wanted);
    if (found) return found;
    if (this.profiles.length === 0) throw failedAt(this.#at.url, "has no profile with pictures");
    const names = this.profiles
      .map(({ name, width, height }) => (width ? `${name} (${width}x${height})` : name))
      .join(", ");
    throw failedAt(this.#at.url, `has no profile '${wanted}'. It has: ${names}`);
  }

  #ask(url: URL, body: string, signal: AbortSignal): Promise<string> {
    return callSoap({ ...this.#at, url, body, aheadMs: this.#aheadMs, signal });
  }
}

/** The error for a device that is there. */
export function failedAt({ origin, pathname }: URL, what: string): ThingError {
  return new ThingError("SOURCE_FAILED", `The ONVIF device ${origin}${pathname} ${what}.`);
}

/** Behind a router a device names an address that only it knows: only port and path of it are used. */
export function atHostOf(address: string, { hostname }: URL): URL | undefined {
  if (!URL.canParse(address)) return undefined;
  const url = new URL(address);
  url.hostname = hostname;
  return url;
}

/** Why a call was refused, in the device's words. */
function faultIn(xml: string): string | undefined {
  const fault = elementIn(xml, "Fault");
  if (fault === "") return undefined;
  const words = textIn(fault, "Text") ?? textIn(fault, "faultstring") ?? "";
  return words.replace(/\.+$/, "") || "it gave no reason";
}

/** How far its clock is ahead: it can be asked without a login, and refuses a login of another time. */
async function aheadOf(at: OnvifAt, signal: AbortSignal): Promise<number> {
  const body = `<GetSystemDateAndTime xmlns="${DEVICE}"/>`;
  const answer = await callSoap({ ...at, login: undefined, body, signal }).catch((error) => {
    if (error instanceof ThingError) return ""; // some want a login even for that
    throw error;
  });
  const utc = elementIn(answer, "UTCDateTime");
  const [year, month, day, hour, minute, second] = [
    ...["Year", "Month", "Day", "Hour", "Minute", "Second"],
  ].map((name) => Number(textIn(utc, name)));
  const ahead = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!) - Date.now();
  return Number.isFinite(ahead) && Math.abs(ahead) > SHORTEST_ERROR_MS ? ahead : 0;
}

function serviceIn(xml: string, name: string, at: URL): URL | undefined {
  return atHostOf(textIn(elementIn(xml, name), "XAddr") ?? "", at);
}

function profilesIn(xml: string): OnvifProfile[] {
  return elementsIn(xml, "Profiles", MOST_PROFILES).flatMap(({ attributes, content }) => {
    const token = /\btoken="([^"]*)"/.exec(attributes)?.[1];
    if (token === undefined || !content.includes("<VideoEncoderConfiguration")) return [];
    const size = elementIn(content, "Resolution");
    const number = (name: string) => Number(textIn(size, name)) || undefined;
    return [
      {
        ...{ token, name: textIn(content, "Name") ?? token },
        ...{ width: number("Width"), height: number("Height") },
        hasPtz: content.includes("<PTZConfiguration"),
      },
    ];
  });
}
