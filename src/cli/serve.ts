import { messageOf, ThingError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import type { HostedThing } from "../core/hosted-thing.ts";
import type { ThingHost } from "../core/thing-host.ts";
import { ThingServer } from "../server/thing-server.ts";
import type { Config } from "./config.ts";
import { hostFromConfig } from "./host-from-config.ts";
import { packageVersion } from "./package-version.ts";
import type { ProcessLog } from "./pino-log.ts";

export interface Address {
  host: string;
  port: number;
}

export interface ServeOptions {
  /** Ends when any Thing cannot open, not only when none can. */
  strict: boolean;
  /** Allows addresses off loopback, without any login. */
  insecureNoAuth: boolean;
}

/**
 * A server with the Things of a configuration; `listen` opens both.
 * @throws {ThingError} as `hostFromConfig` does.
 */
export async function serverFromConfig(
  config: Config,
  log: Log,
  { insecureNoAuth = false } = {},
): Promise<ThingServer> {
  const host = await hostFromConfig(config, log);
  const embed = [...config.things].filter(([, entry]) => entry.embed).map(([name]) => name);
  const { apiPrefix, allowedHosts, allowedOrigins } = config;
  return new ThingServer(host, { apiPrefix, embed, allowedHosts, allowedOrigins, insecureNoAuth });
}

/**
 * Serves a configuration and says what is served and where to look.
 * @returns The running server; closing it is the caller's.
 * @throws {ThingError} `NOT_READY` when no Thing could open, or with `strict` when one could not.
 */
export async function serve(
  config: Config,
  address: Address,
  { strict, insecureNoAuth }: ServeOptions,
  log: ProcessLog,
): Promise<ThingServer> {
  const server = await serverFromConfig(config, log, { insecureNoAuth });
  return startServer(server, address, { strict, apiPrefix: config.apiPrefix }, log);
}

/** Listens, opens the Things and says so. Closes everything again when too few of them open. */
export async function startServer(
  server: ThingServer,
  address: Address,
  { strict, apiPrefix = "" }: { strict: boolean; apiPrefix?: string },
  log: ProcessLog,
): Promise<ThingServer> {
  log.say(`thingscope ${packageVersion()}  settings ${server.host.settingsFolder}`);
  try {
    const { url } = await server.listen(address);
    const things = [...server.host.things.values()];
    for (const thing of things) log.say(`${thing.name}  ${stateOf(thing)}`);
    checkEnoughOpened(things, strict);
    const page = `${url}${apiPrefix}${firstPage(server.host)}`;
    log.say(`open ${page}`, { url });
    return server;
  } catch (error) {
    await server.close().catch((cause) => log.debug(messageOf(cause)));
    throw error;
  }
}

function stateOf({ model, state, reason }: HostedThing): string {
  return `${model.className}  ${reason ? `${state}: ${reason}` : state}`;
}

function checkEnoughOpened(things: readonly HostedThing[], strict: boolean): void {
  const failed = things.filter(({ state }) => state !== "open");
  const tooFew = failed.length > 0 && (strict || failed.length === things.length);
  if (!tooFew) return;
  const reasons = failed.map(({ name, reason }) => `'${name}': ${reason ?? "it is closed"}`);
  const what =
    failed.length === things.length
      ? "No Thing could open"
      : "With --strict all Things must open, but not";
  throw new ThingError("NOT_READY", `${what} ${reasons.join("; ")}`);
}

/** Where there is something to see: the first stream's page, or the list of Things. */
function firstPage(host: ThingHost): string {
  for (const { name, model } of host.things.values()) {
    const [stream] = model.streams.keys();
    if (stream !== undefined) return `/${name}/${stream}/viewer`;
  }
  return "/things/";
}
