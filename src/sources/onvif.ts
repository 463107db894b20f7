import { isAbort, withDeadline } from "../base/abort.ts";
import { ThingError } from "../base/errors.ts";
import { decodePercent } from "../base/percent.ts";
import { thrownError } from "../base/thrown.ts";
import type { LoginData } from "./http-login.ts";
import { callSoap, elementIn, elementsIn, escapedXml, textIn } from "./soap.ts";

/** A stream that an ONVIF device offers. */
export interface OnvifProfile {
  readonly token: string;
  readonly name: string;
  readonly width: number | undefined;
  readonly height: number | undefined;
}

const DEVICE = "http://www.onvif.org/ver10/device/wsdl";
const MEDIA = "http://www.onvif.org/ver10/media/wsdl";
const SCHEMA = "http://www.onvif.org/ver10/schema";
const WITHIN_MS = 10_000;
const SHORTEST_ERROR_MS = 2000;
const MOST_PROFILES = 32;

/** Whether an address is that of an ONVIF device: `onvif://host`, or `http://host/onvif/device_service`. */
export function isOnvifAddress(url: string): boolean {
  return /^(onvif|https?):\/\//i.test(url);
}

/** An ONVIF device: its profiles, and the addresses of their streams. A small part of ONVIF's Profile S. */
export class OnvifDevice {
  readonly #url: URL;
  readonly #login: LoginData | undefined;

  /** @throws {ThingError} `BAD_CONFIG` if it is no such address. */
  constructor(address: string, given: Partial<LoginData> = {}) {
    const text = address.replace(/^onvif:/i, "http:");
    if (!URL.canParse(text))
      throw new ThingError(
        "BAD_CONFIG",
        "This is not the address of an ONVIF device. It looks like onvif://user:password@host:port.",
      );
    const url = new URL(text);
    const username = given.username ?? decodePercent(url.username);
    const password = given.password ?? decodePercent(url.password);
    this.#login = username === "" && password === "" ? undefined : { username, password };
    url.username = "";
    url.password = "";
    if (url.pathname === "/") url.pathname = "/onvif/device_service";
    this.#url = url;
  }

  /** Its address, without login. */
  get shown(): string {
    return `${this.#url.origin}${this.#url.pathname}`;
  }

  /** Its login: that of the streams, too. */
  get login(): LoginData | undefined {
    return this.#login;
  }

  /**
   * The RTSP address of a profile: of the first, unless its token or name is given.
   * @throws {ThingError} `DISCONNECTED`, or `SOURCE_FAILED` with its refusal.
   */
  async streamUrl(signal: AbortSignal, wanted?: string): Promise<string> {
    try {
      return await withDeadline(WITHIN_MS, signal, (either) => this.#streamUrl(either, wanted));
    } catch (thrown) {
      if (signal.aborted || thrown instanceof ThingError) throw thrown;
      const error = thrownError(thrown);
      const why = isAbort(error) ? `it did not answer within ${WITHIN_MS / 1000} s` : error.message;
      throw new ThingError(
        "DISCONNECTED",
        `The ONVIF device ${this.shown} cannot be reached: ${why}. Switch the camera on, and check its network and address.`,
        { cause: thrown },
      );
    }
  }

  async #streamUrl(signal: AbortSignal, wanted?: string): Promise<string> {
    const aheadMs = await this.#aheadMs(signal);
    const call = (url: URL, body: string) =>
      callSoap({ url, body, login: this.#login, aheadMs, signal });
    const about = await call(
      this.#url,
      `<GetCapabilities xmlns="${DEVICE}"><Category>Media</Category></GetCapabilities>`,
    );
    const media = this.#here(textIn(elementIn(about, "Media"), "XAddr"));
    const profiles = profilesIn(await call(media, `<GetProfiles xmlns="${MEDIA}"/>`));
    const { token } = this.#chosen(profiles, wanted);
    const setup = `<StreamSetup><Stream xmlns="${SCHEMA}">RTP-Unicast</Stream><Transport xmlns="${SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>`;
    const answer = await call(
      media,
      `<GetStreamUri xmlns="${MEDIA}">${setup}<ProfileToken>${escapedXml(token)}</ProfileToken></GetStreamUri>`,
    );
    const uri = textIn(answer, "Uri");
    if (uri === undefined || !/^rtsps?:/i.test(uri)) throw this.#failed("names no RTSP address");
    const stream = new URL(uri);
    stream.hostname = this.#url.hostname; // behind a router it names an address that only it knows
    return stream.href;
  }

  /** How far its clock is ahead: it can be asked without a login, and refuses a login of another time. */
  async #aheadMs(signal: AbortSignal): Promise<number> {
    const body = `<GetSystemDateAndTime xmlns="${DEVICE}"/>`;
    const answer = await callSoap({ url: this.#url, body, signal }).catch((error) => {
      if (error instanceof ThingError) return ""; // some want a login even for that
      throw error;
    });
    const utc = elementIn(answer, "UTCDateTime");
    const [year, month, day, hour, minute, second] = [
      ...["Year", "Month", "Day", "Hour", "Minute", "Second"],
    ].map((name) => Number(textIn(utc, name)));
    const time = Date.UTC(year!, month! - 1, day!, hour!, minute!, second!);
    const ahead = time - Date.now();
    return Number.isFinite(ahead) && Math.abs(ahead) > SHORTEST_ERROR_MS ? ahead : 0;
  }

  #chosen(profiles: readonly OnvifProfile[], wanted?: string): OnvifProfile {
    const found =
      wanted === undefined
        ? profiles[0]
        : profiles.find(({ token, name }) => token === wanted || name === wanted);
    if (found) return found;
    if (profiles.length === 0) throw this.#failed("has no profile with pictures");
    const names = profiles
      .map(({ name, width, height }) => (width ? `${name} (${width}x${height})` : name))
      .join(", ");
    throw new ThingError(
      "SOURCE_FAILED",
      `The ONVIF device ${this.shown} has no profile '${wanted}'. It has: ${names}.`,
    );
  }

  /** A service of the device, at the host that we know it by. */
  #here(address: string | undefined): URL {
    if (address === undefined || !URL.canParse(address)) throw this.#failed("has no media service");
    const url = new URL(address);
    url.hostname = this.#url.hostname;
    return url;
  }

  #failed(what: string): ThingError {
    return new ThingError("SOURCE_FAILED", `The ONVIF device ${this.shown} ${what}.`);
  }
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
      },
    ];
  });
}
