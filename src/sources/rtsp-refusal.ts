import { ThingError } from "../base/errors.ts";

/** An answer of an RTSP server that is no success. */
export interface RtspRefusal {
  readonly method: string;
  readonly status: number;
  readonly reason: string;
  readonly hasLogin: boolean;
  /** What SETUP asked for. */
  readonly isUdp?: boolean;
}

/** What to do, by the status. */
const ADVICE: Readonly<Record<number, string>> = {
  404: "has no stream at this path (404). Look up the path of your camera's model.",
  405: "does not allow this (405). Look up the path of your camera's model.",
  453: "has no bandwidth left for another viewer (453). End other viewers of the camera, or use its small stream.",
  454: "has ended the session (454). It is opened again; if this happens often, restart the camera, and end other viewers of it.",
  503: "is overloaded or starting (503). It is tried again; end other viewers of the camera, or restart it.",
};

/** The error for a refusal, with what to do. @param shown - The address, without login. */
export function refusalOf(shown: string, refusal: RtspRefusal): ThingError {
  return refused(shown, whatOf(refusal));
}

/** An error of a server that is there. */
export function refused(shown: string, what: string): ThingError {
  return new ThingError("SOURCE_FAILED", `${shown} ${what}`);
}

function whatOf({ method, status, reason, hasLogin, isUdp }: RtspRefusal): string {
  if (status === 401 || status === 403)
    return hasLogin
      ? `refuses this login (${status}). Correct its user name and password in the address or in the options username and password; some cameras have users of their own for RTSP or ONVIF.`
      : `requires a login (${status}). Put it into the address, rtsp://user:password@host/path, or into the options username and password.`;
  if (status === 461) {
    const [wanted, other] = isUdp ? ["udp", "tcp"] : ["tcp", "udp"];
    return `does not offer the transport '${wanted}' (461). Set the option transport to ${other}.`;
  }
  const known = ADVICE[status];
  if (known) return known;
  const what = `answered ${method} with ${status} ${reason}`.trimEnd();
  return status >= 500
    ? `${what}. It is tried again; if it stays so, restart the camera, and end other viewers of it.`
    : `${what}. Check the address.`;
}
