import { once } from "node:events";
import { createServer } from "node:net";
import { ThingError } from "../base/errors.ts";
import { secretsFolder } from "../server/access/login/accounts-file.ts";
import {
  fingerprintOf,
  givenCertificate,
  ownCertificate,
} from "../server/access/tls/certificate-files.ts";
import { isLoopback, listenProblem } from "../server/http/listen.ts";
import type { ServerOptions } from "../server/server-options.ts";
import { type ListenFlags, LOOPBACK } from "./listen-options.ts";

/** What a configuration says of the same. */
export interface ListenConfig {
  readonly settingsFolder: string;
  readonly login?: boolean;
  readonly tls?: "auto" | { readonly cert: string; readonly key: string } | undefined;
  readonly allowedHosts?: readonly string[];
}

/** Where a server listens, and what that makes of its options. */
export interface Listening {
  readonly host: string;
  readonly port: number;
  readonly options: Pick<ServerOptions, "embed" | "login" | "insecureNoAuth" | "tls">;
  /** Of the certificate, for people to compare. */
  readonly fingerprint?: string;
}

const ALL_INTERFACES = "0.0.0.0";

/**
 * Combines the options and the configuration: a login wherever other machines can connect, unless it is waived.
 * @throws {ThingError} `BAD_ARGUMENT` for options that contradict each other or files that cannot be used.
 */
export async function listeningFor(flags: ListenFlags, config: ListenConfig): Promise<Listening> {
  if (flags.lan && flags.host !== undefined) throw contradiction("--lan", "--host");
  if (flags.lan && flags.insecureNoAuth) throw contradiction("--lan", "--insecure-no-auth");
  const host = hostOf(flags);
  const isAsked = flags.login || (config.login ?? false);
  if (isAsked && flags.insecureNoAuth) throw contradiction("--login", "--insecure-no-auth");
  const hasLogin = isAsked || (!isLoopback(host) && !flags.insecureNoAuth);
  const tls = await tlsFor(flags, config);
  return {
    host,
    port: flags.port,
    options: {
      insecureNoAuth: flags.insecureNoAuth,
      ...(flags.embed && { embed: "all" }),
      ...(hasLogin && { login: { folder: secretsFolder(config.settingsFolder) } }),
      ...(tls && { tls }),
    },
    ...(tls && { fingerprint: fingerprintOf(tls) }),
  };
}

/** @throws {ThingError} as `ThingServer.listen` does where nobody can listen now. */
export async function checkPort(flags: ListenFlags): Promise<void> {
  const host = hostOf(flags);
  const server = createServer();
  try {
    const listening = once(server, "listening");
    server.listen(flags.port, host);
    await listening;
  } catch (error) {
    throw listenProblem(error as NodeJS.ErrnoException, host, flags.port);
  } finally {
    server.close();
  }
}

function hostOf({ host, lan }: ListenFlags): string {
  return host ?? (lan ? ALL_INTERFACES : LOOPBACK);
}

async function tlsFor(
  { tls, tlsCert, tlsKey }: ListenFlags,
  config: ListenConfig,
): Promise<ServerOptions["tls"]> {
  if (tls && (tlsCert ?? tlsKey)) throw contradiction("--tls auto", "--tls-cert and --tls-key");
  if ((tlsCert === undefined) !== (tlsKey === undefined)) {
    throw new ThingError("BAD_ARGUMENT", "Give --tls-cert and --tls-key together.");
  }
  const given = tlsCert !== undefined && tlsKey !== undefined && { cert: tlsCert, key: tlsKey };
  const wanted = given || (tls ?? config.tls);
  if (wanted === undefined) return undefined;
  if (wanted !== "auto") return givenCertificate(wanted.cert, wanted.key);
  const names = (config.allowedHosts ?? []).map((name) => name.replace(/:\d+$/, ""));
  return ownCertificate(secretsFolder(config.settingsFolder), { names });
}

function contradiction(one: string, other: string): ThingError {
  return new ThingError(
    "BAD_ARGUMENT",
    `${one} and ${other} contradict each other. Leave one out.`,
  );
}
