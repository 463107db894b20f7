import type { ThingError } from "../base/errors.ts";
import type { Thing } from "../core/thing.ts";
import type { StillPicture } from "../instruments/camera.ts";
import { isOnvifAddress, OnvifDevice } from "./onvif.ts";
import { addPtz } from "./ptz-affordances.ts";
import { type BesideAddress, type RtspAddress, rtspAddress } from "./rtsp-address.ts";
import { describeRtsp, type RtspVideo } from "./rtsp-describe.ts";
import { RtspRelay } from "./rtsp-relay.ts";

/** A stream as programs are told of it. */
export interface RtspStream extends Pick<RtspVideo, "codec" | "framerate"> {
  /** Of this computer, without a login: it leads to the camera while the stream is read. */
  readonly address: string;
}

/** A network camera, as it is configured. */
export class RtspDevice {
  readonly #beside: BesideAddress;
  readonly #profile: string | undefined;
  /** Of its stream; an ONVIF device is asked for it. */
  readonly #address: RtspAddress | undefined;
  readonly #onvif: OnvifDevice | undefined;
  #relay: RtspRelay | undefined;

  /**
   * @param url - `rtsp://user:password@host:554/path`, or of an ONVIF device: `onvif://host`, `http://host/onvif/device_service`.
   * @param options - A login in place of that of the address, the certificate that is trusted (its SHA-256 fingerprint, or a PEM
   * file), and the token or name of an ONVIF profile.
   * @throws {ThingError} `BAD_CONFIG` if it is not such an address.
   */
  constructor(
    url: string,
    { username, password, trust, profile }: BesideAddress & { readonly profile?: string } = {},
  ) {
    this.#beside = {
      ...(username !== undefined && { username }),
      ...(password !== undefined && { password }),
      ...(trust !== undefined && { trust }),
    };
    this.#profile = profile;
    if (isOnvifAddress(url)) this.#onvif = new OnvifDevice(url, this.#beside);
    else this.#address = rtspAddress(url, this.#beside);
  }

  /** Its address, without login and query. */
  get shown(): string {
    return this.#onvif?.shown ?? this.#address?.shown ?? "";
  }

  /** Why the stream failed, as far as the camera said it. */
  get fault(): ThingError | undefined {
    return this.#relay?.fault;
  }

  /** What it has not answered, or not sent, while it is silent. */
  get silence(): string | undefined {
    return this.#relay?.silence;
  }

  /**
   * Asks it for its stream, which one program can read then, until `close`.
   * @throws {ThingError} `DISCONNECTED`, or `SOURCE_FAILED` with its refusal.
   */
  async stream(signal: AbortSignal): Promise<RtspStream> {
    this.close();
    this.#relay = undefined; // what was wrong before says nothing of this one
    const address = this.#address ?? (await this.#addressOf(this.#onvif!, signal));
    const { codec, framerate, ...where } = await describeRtsp(address, signal);
    const relay = await RtspRelay.open(where);
    this.#relay = relay;
    if (signal.aborted) this.close();
    return { codec, framerate, address: relay.url };
  }

  /**
   * The device's own picture, which is often larger than the stream; undefined where it offers none, or is no ONVIF device.
   * @throws {ThingError} `DISCONNECTED`, or `SOURCE_FAILED` with its refusal.
   */
  async snapshot(signal: AbortSignal): Promise<StillPicture | undefined> {
    return this.#onvif?.snapshot(signal, this.#profile);
  }

  /** Declares what an ONVIF device whose head turns can do, as actions and properties of a Thing. */
  async addHead(thing: Thing, signal: AbortSignal): Promise<void> {
    const ptz = await this.#onvif?.ptz(signal, this.#profile);
    if (ptz) addPtz(thing, ptz);
  }

  /** Ends the stream. */
  close(): void {
    this.#relay?.close();
  }

  async #addressOf(device: OnvifDevice, signal: AbortSignal): Promise<RtspAddress> {
    const url = await device.streamUrl(signal, this.#profile);
    return rtspAddress(url, { ...this.#beside, ...device.login });
  }
}
