import { join } from "node:path";
import { MoonrakerBridge } from "../adapters/moonraker/bridge.ts";
import { MqttBridge } from "../adapters/mqtt/bridge.ts";
import { Fleet } from "../adapters/nats/fleet.ts";
import { within } from "../base/abort.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { packageVersion } from "../base/package-root.ts";
import { isRecord } from "../base/values.ts";
import type { HostedThing } from "../core/hosted-thing.ts";
import { endLeftovers } from "../processes/leftovers.ts";
import { ServiceManager } from "../processes/service-manager.ts";
import { isLoopback } from "../server/http/listen.ts";
import { ThingServer } from "../server/thing-server.ts";
import type { Config } from "./config.ts";
import { hostFromConfig } from "./host-from-config.ts";
import { codecFault } from "./library-checks.ts";
import type { Listening } from "./listening.ts";
import { sayHowToLogIn } from "./login-links.ts";
import type { ProcessLog } from "./pino-log.ts";

/** Where log files are, in the settings folder. No Thing is called so: the name is reserved. */
const LOGS = "logs";

/**
 * A server with the Things of a configuration; `listen` opens both.
 * @throws {ThingError} as `hostFromConfig` does.
 */
export async function serverFromConfig(
  config: Config,
  log: Log,
  listening: Listening["options"] = {},
): Promise<ThingServer> {
  const host = await hostFromConfig(config, {
    log,
    logFolder: join(config.settingsFolder, LOGS),
    isStrict: false,
    keepsUnmade: true,
  });
  const embed = embeddedThings(config);
  const fleet = config.fleet && new Fleet(config.fleet, { folder: config.folder, log });
  const place = { folder: config.folder, log };
  const bridges = [
    ...(config.mqtt ? [new MqttBridge(config.mqtt, place)] : []),
    ...(config.moonraker ? [new MoonrakerBridge(config.moonraker, place)] : []),
  ];
  const { apiPrefix, allowedHosts, allowedOrigins, trustedProxies, mdns, webhooks } = config;
  return new ThingServer(host, {
    apiPrefix,
    embed,
    allowedHosts,
    allowedOrigins,
    ...(trustedProxies && { trustedProxies }),
    mdns,
    ...(webhooks && { webhooks }),
    ...(fleet && { fleet }),
    bridges,
    ...listening,
  });
}

/** The Things whose pictures other sites may show. */
export function embeddedThings({ things }: Config): string[] {
  return [...things].filter(([, entry]) => entry.embed).map(([name]) => name);
}

/** How a server is started, and what is said of it. */
interface StartOptions {
  readonly listening: Listening;
  /** All Things must open, not only one. */
  readonly strict: boolean;
  readonly apiPrefix: string;
  /** What a person should know of a Thing, by its name. */
  readonly notes?: ReadonlyMap<string, string>;
  /** What a person should know of all of them. */
  readonly remark?: string;
}

/**
 * Listens, opens the Things, and says what is served and where to look. Closes everything again when too few open.
 * @throws {ThingError} `NOT_READY` when too few opened, and as `ThingServer.listen` does.
 */
export async function startServer(
  server: ThingServer,
  { listening, strict, apiPrefix, notes = new Map(), remark }: StartOptions,
  log: ProcessLog,
): Promise<void> {
  const serviceManager = new ServiceManager(log); // before any program could inherit what systemd says
  endLeftovers(log); // or a camera would be busy with what a killed server left
  log.say(`thingscope ${packageVersion()}  settings ${server.host.settingsFolder}`);
  try {
    const { host, port, options, fingerprint } = listening;
    const url = reachable((await server.listen({ host, port })).url);
    const things = [...server.host.things.values()];
    for (const thing of things) log.say(await lineOf(thing, notes.get(thing.name)));
    checkEnoughOpened(things, strict);
    if (remark) log.say(remark);
    const missing = codecFault();
    if (missing) log.warn(missing);
    const home = `${url}${apiPrefix}/`;
    log.say(`open ${home}`, { url });
    if (fingerprint) log.say(`certificate SHA-256 ${fingerprint}`);
    if (!isLoopback(host) && options.login && !options.tls) log.warn(UNENCRYPTED);
    sayHowToLogIn(server, { url: url + apiPrefix, host }, log);
    const open = things.filter(({ state }) => state === "open").length;
    void serviceManager.ready(`${open} of ${things.length} Things are open; serving at ${home}`);
  } catch (error) {
    await server.close().catch((cause) => log.debug(messageOf(cause)));
    throw error;
  }
}

const UNENCRYPTED =
  "Passwords, tokens and pictures cross the network unencrypted. Where somebody could listen, add --tls auto.";

/** An address that stands for all of this machine's is none to go to. */
function reachable(url: string): string {
  return url.replace("//0.0.0.0:", "//127.0.0.1:").replace("//[::]:", "//[::1]:");
}

async function lineOf(thing: HostedThing, note: string | undefined): Promise<string> {
  const { name, model, state, reason } = thing;
  const line = `${name}  ${model.className}  ${reason ? `${state}: ${reason}` : state}`;
  if (note === undefined) return line;
  const mode = state === "open" ? await modeOf(thing) : undefined;
  return mode ? `${line}  ${note}  ${mode}` : `${line}  ${note}`;
}

const MODE_MS = 1000;

/** How a camera streams, `MJPG 1280x720 at 30 fps`; undefined of one that does not say. */
async function modeOf(thing: HostedThing): Promise<string | undefined> {
  const late = () => new ThingError("NOT_READY", "The camera does not say its mode.");
  const mode = await within(thing.readProperty("mode"), MODE_MS, late).catch(() => undefined);
  if (!isRecord(mode)) return undefined;
  const { format, width, height, rate } = mode;
  if (!format || !width || !height) return undefined;
  return `${format} ${width}x${height}${rate ? ` at ${rate} fps` : ""}`;
}

function checkEnoughOpened(things: readonly HostedThing[], strict: boolean): void {
  const failed = things.filter(({ state }) => state !== "open");
  // A supervisor that starts it again may find a device back, but never another class: that is told by being listed.
  const isHopeless = failed.some(({ model }) => model.refusals.length > 0);
  const noneOpened = failed.length === things.length && !isHopeless;
  const tooFew = failed.length > 0 && (strict || noneOpened);
  if (!tooFew) return;
  const reasons = failed.map(({ name, reason }) => `'${name}': ${reason ?? "it is closed"}`);
  const what =
    failed.length === things.length
      ? "No Thing could open"
      : "With --strict all Things must open, but not";
  throw new ThingError("NOT_READY", `${what} ${reasons.join("; ")}`);
}
