import { isAbort, withDeadline } from "../base/abort.ts";
import { ThingError } from "../base/errors.ts";
import { decodePercent } from "../base/percent.ts";
import { thrownError } from "../base/thrown.ts";
import type { StillPicture } from "../instruments/camera.ts";
import { HttpLogin, type LoginData } from "./http-login.ts";
import { pictureAt } from "./http-picture.ts";
import { OnvifPtz } from "./onvif-ptz.ts";
import { atHostOf, failedAt, MEDIA, type OnvifProfile, OnvifSession } from "./onvif-session.ts";
import type { BesideAddress } from "./rtsp-address.ts";
import { escapedXml, textIn } from "./soap.ts";
import { trustedFingerprint } from "./tls-trust.ts";

const SCHEMA = "http://www.onvif.org/ver10/schema";
const WITHIN_MS = 10_000;
const SNAPSHOT_MS = 30_000;

/** Whether an address is that of an ONVIF device: `onvif://host`, or `http://host/onvif/device_service`. */
export function isOnvifAddress(url: string): boolean {
  return /^(onvif|https?):\/\//i.test(url);
}

/** An ONVIF device: its profiles, the addresses of their streams and snapshots, and its head if that turns. A part of ONVIF's Profile S. */
export class OnvifDevice {
  readonly #url: URL;
  readonly #login: LoginData | undefined;
  readonly #fingerprint: string | undefined;

  /** @throws {ThingError} `BAD_CONFIG` if it is no such address, or `trust` is no certificate. */
  constructor(address: string, given: BesideAddress = {}) {
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
    this.#fingerprint = given.trust === undefined ? undefined : trustedFingerprint(given.trust);
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
  streamUrl(signal: AbortSignal, wanted?: string): Promise<string> {
    return this.#asked(signal, async (session, either) => {
      const { token } = session.profile(wanted);
      const setup = `<StreamSetup><Stream xmlns="${SCHEMA}">RTP-Unicast</Stream><Transport xmlns="${SCHEMA}"><Protocol>RTSP</Protocol></Transport></StreamSetup>`;
      const answer = await session.askMedia(
        `<GetStreamUri xmlns="${MEDIA}">${setup}<ProfileToken>${escapedXml(token)}</ProfileToken></GetStreamUri>`,
        either,
      );
      const uri = textIn(answer, "Uri") ?? "";
      const url = /^rtsps?:/i.test(uri) ? atHostOf(uri, this.#url) : undefined;
      if (!url) throw failedAt(this.#url, "names no RTSP address");
      return url.href;
    });
  }

  /**
   * The device's own picture, which is often larger than the stream; undefined where it offers none.
   * @throws {ThingError} `DISCONNECTED`, or `SOURCE_FAILED` with its refusal.
   */
  async snapshot(signal: AbortSignal, wanted?: string): Promise<StillPicture | undefined> {
    const url = await this.#asked(signal, async (session, either) => {
      const { token } = largest(session, wanted);
      const answer = await session.askMedia(
        `<GetSnapshotUri xmlns="${MEDIA}"><ProfileToken>${escapedXml(token)}</ProfileToken></GetSnapshotUri>`,
        either,
      );
      const uri = textIn(answer, "Uri") ?? "";
      return /^https?:/i.test(uri) ? atHostOf(uri, this.#url) : undefined;
    });
    if (!url) return undefined;
    const login = this.#login && new HttpLogin(this.#login);
    const options = { login, fingerprint: this.#fingerprint };
    return withDeadline(SNAPSHOT_MS, signal, (either) => pictureAt(url, options, either));
  }

  /** The head that a profile belongs to; undefined for one that does not turn. @throws {ThingError} As `streamUrl`. */
  ptz(signal: AbortSignal, wanted?: string): Promise<OnvifPtz | undefined> {
    return this.#asked(signal, async (session, either) => {
      const { token, hasPtz } = session.profile(wanted);
      if (!hasPtz || !session.hasPtz) return undefined;
      const ask = (body: string, each: AbortSignal) =>
        this.#within(each, (limited) => session.askPtz(body, limited));
      return OnvifPtz.of(token, ask, either);
    });
  }

  #asked<T>(
    signal: AbortSignal,
    ask: (session: OnvifSession, either: AbortSignal) => Promise<T>,
  ): Promise<T> {
    return this.#within(signal, async (either) => {
      const at = { url: this.#url, login: this.#login, fingerprint: this.#fingerprint };
      return ask(await OnvifSession.begin(at, either), either);
    });
  }

  async #within<T>(signal: AbortSignal, work: (either: AbortSignal) => Promise<T>): Promise<T> {
    try {
      return await withDeadline(WITHIN_MS, signal, work);
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
}

/** Of what was chosen, or else of the profile with the most pixels. */
function largest(session: OnvifSession, wanted?: string): OnvifProfile {
  const chosen = session.profile(wanted);
  if (wanted !== undefined) return chosen;
  const pixels = ({ width = 0, height = 0 }: OnvifProfile) => width * height;
  return session.profiles.reduce((best, one) => (pixels(one) > pixels(best) ? one : best), chosen);
}
