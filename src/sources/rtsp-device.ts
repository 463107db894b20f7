import type { LoginData } from "./http-login.ts";
import { isOnvifAddress, OnvifDevice } from "./onvif.ts";
import { type RtspAddress, rtspAddress, withLogin } from "./rtsp-address.ts";
import { describeRtsp, type RtspVideo } from "./rtsp-describe.ts";

/** A stream as programs are told of it. */
export interface RtspStream extends RtspVideo {
  /** With login, in characters that stay one word in any pipeline. */
  readonly address: string;
}

/** A network camera, as it is configured. */
export class RtspDevice {
  readonly #login: Partial<LoginData>;
  readonly #profile: string | undefined;
  /** Of its stream; an ONVIF device is asked for it. */
  readonly #address: RtspAddress | undefined;
  readonly #onvif: OnvifDevice | undefined;

  /**
   * @param url - `rtsp://user:password@host:554/path`, or of an ONVIF device: `onvif://host`, `http://host/onvif/device_service`.
   * @param options - A login in place of that of the address, and the token or name of an ONVIF profile.
   * @throws {ThingError} `BAD_CONFIG` if it is not such an address.
   */
  constructor(
    url: string,
    { username, password, profile }: Partial<LoginData> & { readonly profile?: string } = {},
  ) {
    this.#login = {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
    };
    this.#profile = profile;
    if (isOnvifAddress(url)) this.#onvif = new OnvifDevice(url, this.#login);
    else this.#address = rtspAddress(url, this.#login);
  }

  /** Its address, without login and query. */
  get shown(): string {
    return this.#onvif?.shown ?? this.#address?.shown ?? "";
  }

  /**
   * Asks it for its stream.
   * @throws {ThingError} `DISCONNECTED`, or `SOURCE_FAILED` with its refusal.
   */
  async stream(signal: AbortSignal): Promise<RtspStream> {
    const address = this.#address ?? (await this.#addressOf(this.#onvif!, signal));
    const video = await describeRtsp(address, signal);
    return { ...video, address: withLogin(address) };
  }

  async #addressOf(device: OnvifDevice, signal: AbortSignal): Promise<RtspAddress> {
    return rtspAddress(await device.streamUrl(signal, this.#profile), device.login ?? {});
  }
}
