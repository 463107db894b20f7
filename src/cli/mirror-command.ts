import { resolve } from "node:path";
import { Mirror, type MirroringOptions } from "../adapters/mirror/index.ts";
import { messageOf } from "../base/errors.ts";
import { ThingHost } from "../core/thing-host.ts";
import { openFilesLimit } from "../server/http/listen.ts";
import { ThingServer } from "../server/thing-server.ts";
import { checkPort, listeningFor } from "./listening.ts";
import type { MirrorFlags } from "./mirror-options.ts";
import { mirrorFleet, serverOrigin } from "./mirror-origins.ts";
import type { ProcessLog } from "./pino-log.ts";
import { startServer } from "./serve.ts";
import { settingsChoice } from "./settings-choice.ts";
import { Stopper } from "./stop.ts";

/** An address of NATS, or a file that has one. */
const FLEET = /^(nats|tls):\/\/|\.(ya?ml|json)$/i;
/** Connections beside those of viewers of pictures. */
const OTHER_CONNECTIONS = 500;
/** How long the origin is waited for before the mirror starts without it, ms. */
const LOOK_MS = 10_000;

/**
 * Serves the Things of another server, or of a fleet, until the process is told to end.
 * @throws {ThingError} as `startServer` does; {ClientError} for an address that is none.
 */
export async function mirror(origin: string, flags: MirrorFlags, log: ProcessLog): Promise<void> {
  const isFleet = FLEET.test(origin);
  const fleet = isFleet ? await mirrorFleet(origin, flags, log) : undefined;
  const { source, pictures } = fleet ?? serverOrigin(origin, flags);
  const choice = flags.settings
    ? { folder: resolve(flags.settings) }
    : await settingsChoice(resolve("settings"), flags.port, () => checkPort(flags), log);
  if ("remark" in choice && choice.remark) log.say(choice.remark);
  const host = new ThingHost({ settingsFolder: choice.folder, log });
  const listening = await listeningFor(flags, { settingsFolder: host.settingsFolder });
  const maxConnections = flags.viewers + OTHER_CONNECTIONS;
  const server = new ThingServer(host, {
    ...{ ...listening.options, maxConnections },
    ...(fleet && { fleet: fleet.member }),
  });
  const { viewers: maxViewers, operate: passesCommands } = flags;
  const mirroring: MirroringOptions = { pictures, maxViewers, passesCommands };
  const mirror = new Mirror(source, server, { ...mirroring, log });
  const stopper = new Stopper(async () => {
    await mirror.close();
    await server.close();
  }, log);
  stopper.onSignals();
  stopper.watch();
  stopper.onFaults();
  const files = Math.floor(openFilesLimit() * 0.75);
  if (files < maxConnections)
    log.warn(
      `This process may open ${openFilesLimit()} files, so ${files} connections are the most. Raise the limit (ulimit -n, LimitNOFILE in systemd) for ${flags.viewers} viewers.`,
    );
  await mirror
    .look(AbortSignal.timeout(LOOK_MS))
    .catch((error) =>
      log.warn(`The origin does not answer, and is asked again: ${messageOf(error)}`),
    );
  await startServer(server, { listening, strict: false, apiPrefix: "" }, log);
  mirror.start();
}
