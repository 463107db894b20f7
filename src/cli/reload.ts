import { messageOf } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import type { ThingHost } from "../core/thing-host.ts";
import type { ThingServer } from "../server/thing-server.ts";
import { type Config, loadConfig } from "./config.ts";
import { addThing, hostFromConfig } from "./host-from-config.ts";
import { embeddedThings } from "./serve.ts";

/** What a configuration says beside its Things, by the key that a user knows. */
const FIXED = {
  settingsFolder: "settings_folder",
  apiPrefix: "api_prefix",
  trustedProxies: "trusted_proxies",
  enableGlobalLock: "enable_global_lock",
  globalLockLogLevel: "global_lock_log_level",
  applicationConfig: "application_config",
  allowedOrigins: "allowed_origins",
  allowedHosts: "allowed_hosts",
  webhooks: "webhooks",
  mdns: "mdns",
  login: "login",
  tls: "tls",
  endWhenBlockedMs: "end_when_blocked_s",
} as const satisfies Partial<Record<keyof Config, string>>;

/** Takes a changed configuration into a server that runs: what did not change is not touched. */
export class Reloader {
  readonly #file: string;
  readonly #server: ThingServer;
  readonly #log: Log;
  #config: Config;
  #turn: Promise<void> = Promise.resolve();
  #isWaiting = false;

  /** @param config - As the server was made from `file`. */
  constructor(file: string, config: Config, server: ThingServer, log: Log) {
    this.#file = file;
    this.#config = config;
    this.#server = server;
    this.#log = log;
  }

  /** Reads the file again, once more if asked while it does so. Never rejects: a file that cannot be used is logged, and the old configuration stays. */
  reload(): Promise<void> {
    if (this.#isWaiting) return this.#turn;
    this.#isWaiting = true;
    this.#turn = this.#turn.then(async () => {
      this.#isWaiting = false;
      await this.#reload().catch((error) =>
        this.#log.error(
          `The configuration was not reloaded, and the one before stays in use: ${messageOf(error)}`,
        ),
      );
    });
    return this.#turn;
  }

  async #reload(): Promise<void> {
    const next = await loadConfig(this.#file);
    // All classes are loaded, made and connected aside first: what cannot be used is found before anything is closed.
    const trial = await hostFromConfig(
      { ...next, ...this.#kept() },
      { log: silentLog, isStrict: false },
    );
    const { host } = this.#server;
    const changes = changesBetween(this.#config, next, host, trial);
    const wanted = [...next.things].filter(([name]) => !host.things.has(name) || changes.has(name));
    const gone = [...host.things.keys()].filter((name) => changes.has(name));
    this.#warnOfFixed(next);
    await host.exchange(gone, async () => {
      for (const [name, entry] of wanted)
        await addThing(host, name, entry, { folder: next.folder, isStrict: false });
      await this.#server.thingsChanged(embeddedThings(next));
    });
    this.#config = { ...next, ...this.#kept() };
    const opened = wanted.map(([name]) => name);
    const closed = gone.filter((name) => !opened.includes(name));
    this.#log.info(
      `The configuration was reloaded: ${opened.length > 0 ? `opened ${opened.join(", ")}` : "nothing opened"}${closed.length > 0 ? `, closed ${closed.join(", ")}` : ""}.`,
    );
  }

  /** What stays as it is until a restart. */
  #kept(): Partial<Config> {
    const keys = Object.keys(FIXED) as (keyof typeof FIXED)[];
    return Object.fromEntries(keys.map((key) => [key, this.#config[key]]));
  }

  #warnOfFixed(next: Config): void {
    const keys = Object.keys(FIXED) as (keyof typeof FIXED)[];
    const changed = keys.filter((key) => !isSame(this.#config[key], next[key]));
    if (changed.length === 0) return;
    const words = changed.map((key) => FIXED[key]).join(", ");
    this.#log.warn(`${words} cannot change while the server runs. Restart it for that.`);
  }
}

/** The Things that are new, gone or other than before, and those that have one of these in a slot, or will. */
function changesBetween(before: Config, next: Config, host: ThingHost, trial: ThingHost) {
  const names = new Set([...before.things.keys(), ...next.things.keys()]);
  const partOf = (config: Config, name: string) => {
    const { embed: _, ...entry } = config.things.get(name) ?? { class: undefined };
    return entry;
  };
  const slotsOf = (of: ThingHost, name: string) => (of.things.has(name) ? of.usedBy(name) : []);
  const changed = new Set(
    [...names].filter(
      (name) =>
        !isSame(partOf(before, name), partOf(next, name)) ||
        !isSame(slotsOf(host, name).sort(), slotsOf(trial, name).sort()),
    ),
  );
  for (let size = -1; size !== changed.size; ) {
    size = changed.size;
    for (const name of names)
      if (slotsOf(host, name).some((one) => changed.has(one))) changed.add(name);
  }
  return changed;
}

function isSame(one: unknown, other: unknown): boolean {
  return JSON.stringify(one) === JSON.stringify(other);
}
