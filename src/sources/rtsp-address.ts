import { ThingError } from "../base/errors.ts";
import { decodePercent } from "../base/percent.ts";
import type { LoginData } from "./http-login.ts";
import { trustedFingerprint } from "./tls-trust.ts";

/** Where an RTSP server is, without its login. */
export interface RtspAddress {
  readonly host: string;
  readonly port: number;
  readonly isSecure: boolean;
  /** Without login, as it stands in requests. */
  readonly url: string;
  /** Without login and query: for logs and people. */
  readonly shown: string;
  readonly login: LoginData | undefined;
  /** Of the certificate that an rtsps server is trusted with, where nobody vouches for it. */
  readonly fingerprint: string | undefined;
}

/** What is given beside an address. */
export interface BesideAddress extends Partial<LoginData> {
  /** The SHA-256 fingerprint of a certificate, or a PEM file. */
  readonly trust?: string;
}

/**
 * Reads an address. A password may be percent-encoded or as it is, as far as it has no `/`, `?` or `#`; a login that is given
 * apart wins.
 * @throws {ThingError} `BAD_CONFIG`.
 */
export function rtspAddress(text: string, given: BesideAddress = {}): RtspAddress {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^rtsps?:$/.test(url.protocol) || url.hostname === "") {
    throw new ThingError(
      "BAD_CONFIG",
      `'${text.replace(/\/\/.*@/, "//")}' is not an RTSP address. It looks like rtsp://user:password@host:554/path; write / ? # in a password as %2F %3F %23.`,
    );
  }
  const isSecure = url.protocol === "rtsps:";
  const username = given.username ?? decodePercent(url.username);
  const password = given.password ?? decodePercent(url.password);
  return {
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: Number(url.port || (isSecure ? 322 : 554)),
    isSecure,
    // Also over TLS: what other clients send, and all that some cameras know.
    url: `rtsp://${url.host}${safely(url.pathname + url.search)}`,
    shown: `${url.protocol}//${url.host}${url.pathname}`,
    login: username === "" && password === "" ? undefined : { username, password },
    fingerprint: given.trust === undefined ? undefined : trustedFingerprint(given.trust),
  };
}

/** Cameras have paths with brackets and the like, which pipelines read otherwise. */
function safely(path: string): string {
  return path.replace(/[^A-Za-z0-9_.:/@%+,=?&~-]/g, (character) =>
    character > "\x7f" ? encodeURIComponent(character) : percent(character),
  );
}

function percent(character: string): string {
  return `%${character.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
}
