import { rtspAddress, withLogin } from "./rtsp-address.ts";
import { describeRtsp, type RtspVideo } from "./rtsp-describe.ts";

/** A stream as programs are told of it. */
export interface RtspStream extends RtspVideo {
  /** With login, in characters that stay one word in any pipeline. */
  readonly address: string;
}

/**
 * Asks a network camera for its stream.
 * @throws {ThingError} `BAD_CONFIG`, `DISCONNECTED`, or `SOURCE_FAILED` with its refusal.
 */
export async function rtspStream(
  { url, ...login }: { readonly url: string; readonly user?: string; readonly password?: string },
  signal: AbortSignal,
): Promise<RtspStream> {
  const address = rtspAddress(url, login);
  return { ...(await describeRtsp(address, signal)), address: withLogin(address) };
}
