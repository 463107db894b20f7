import { ThingError } from "../../base/errors.ts";
import { type Log, silentLog } from "../../base/log.ts";
import { listenProblem } from "../../server/http/listen.ts";
import { admitPastLogin, admittedHost } from "../wire-address.ts";

/** Access to an endpoint that is bound. */
export interface EndpointOptions {
  /** Allows other machines. The protocol has no login: every client that reaches the endpoint may use it. */
  readonly insecure?: boolean | undefined;
  /** Lets the endpoint be bound although the server has a login. `insecure` includes it. */
  readonly insecure_no_login?: boolean | undefined;
  /** Whether the server whose Thing binds it has a login. */
  readonly hasLogin?: boolean | undefined;
  readonly log?: Log | undefined;
}

const WIRE = "pystreaming";
const EXAMPLE = "tcp://127.0.0.1:5555";

/** @throws {ThingError} `BAD_ARGUMENT` unless it is a ZeroMQ endpoint. */
export function requireEndpoint(endpoint: string): void {
  if (typeof endpoint === "string" && PATTERN.test(endpoint)) return;
  throw new ThingError(
    "BAD_ARGUMENT",
    `'${endpoint}' is not an endpoint. Write tcp://HOST:PORT, ipc://PATH or inproc://NAME, for example ${EXAMPLE}.`,
  );
}

/**
 * Checks that only programs on this machine can reach the endpoint, and that the server has no login, unless the options allow
 * otherwise.
 * @throws {ThingError} `BAD_ARGUMENT`
 */
export function admitEndpoint(endpoint: string, options: EndpointOptions): void {
  requireEndpoint(endpoint);
  const { insecure = false, insecure_no_login = false, hasLogin, log = silentLog } = options;
  const host = TCP.exec(endpoint)?.[1];
  if (host !== undefined)
    admittedHost(WIRE, { host, insecure, insecure_no_login }, log, { hasLogin });
  else if (!endpoint.startsWith("inproc:"))
    admitPastLogin(WIRE, insecure || insecure_no_login, log, { hasLogin });
}

/** Why an endpoint cannot be bound, from ZeroMQ's error. */
export function bindProblem(error: unknown, endpoint: string): ThingError {
  const [, host = endpoint, port = "0"] = TCP.exec(endpoint) ?? [];
  const failure: NodeJS.ErrnoException = error instanceof Error ? error : new Error(String(error));
  const option = (name: string, value: string | number) =>
    name === "host" ? `tcp://${value}:${port}` : `tcp://${host}:${value}`;
  return listenProblem(failure, host, Number(port) || 0, option);
}

const TCP = /^tcp:\/\/(.+):(\d+|\*)$/;
const PATTERN = /^(tcp:\/\/[^/\s]+:(\d{1,5}|\*)|(ipc|inproc):\/\/\S+)$/;
