import { ThingError } from "../base/errors.ts";
import { decodePercent } from "../base/percent.ts";
import type { LoginData } from "./http-login.ts";

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
}

/**
 * Reads an address. A password may be percent-encoded or as it is, as far as it has no `/`, `?` or `#`; a login that is given
 * apart wins.
 * @throws {ThingError} `BAD_CONFIG`.
 */
export function rtspAddress(text: string, given: Partial<LoginData> = {}): RtspAddress {
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
    url: `${url.protocol}//${url.host}${safely(url.pathname + url.search)}`,
    shown: `${url.protocol}//${url.host}${url.pathname}`,
    login: username === "" && password === "" ? undefined : { username, password },
  };
}

/** The address with its login, in characters that no program takes for anything else. */
export function withLogin({ url, login }: RtspAddress): string {
  if (!login) return url;
  return url.replace("://", `://${encoded(login.username)}:${encoded(login.password)}@`);
}

function encoded(text: string): string {
  return encodeURIComponent(text).replace(/[!'()*]/g, percent);
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
