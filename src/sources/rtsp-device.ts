import type { Login } from "./login-answer.ts";
import { type RtspAddress, rtspAddress, withLogin } from "./rtsp-address.ts";
import { describeRtsp, type RtspVideo } from "./rtsp-describe.ts";

/** A stream as programs are told of it. */
export interface RtspStream extends RtspVideo {
  /** With login, in characters that stay one word in any pipeline. */
  readonly address: string;
}

/** A network camera, as it is configured. */
export class RtspDevice {
  readonly #address: RtspAddress;

  /**
   * @param url - `rtsp://user:password@host:554/path`.
   * @param login - In place of that of the address.
   * @throws {ThingError} `BAD_CONFIG` if it is not such an address.
   */
  constructor(url: string, login: Partial<Login> = {}) {
    this.#address = rtspAddress(url, login);
  }

  /** Its address, without login and query. */
  get shown(): string {
    return this.#address.shown;
  }

  /**
   * Asks it for its stream.
   * @throws {ThingError} `DISCONNECTED`, or `SOURCE_FAILED` with its refusal.
   */
  async stream(signal: AbortSignal): Promise<RtspStream> {
    const video = await describeRtsp(this.#address, signal);
    return { ...video, address: withLogin(this.#address) };
  }
}
