import { messageOf } from "../base/errors.ts";
import { type Log, silentLog } from "../base/log.ts";
import type { ThingHost } from "../core/thing-host.ts";
import type { ThingState } from "../core/thing-state.ts";
import type { ThingServer } from "../server/thing-server.ts";
import { type Config, changedKeys, loadConfig } from "./config.ts";
import { addThing, hostFromConfig } from "./host-from-config.ts";
import { embeddedThings } from "./serve.ts";

/** What a reload tries again. */
const LOST: readonly ThingState[] = ["failed", "disconnected"];

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
          `The configuration was not reloaded, and the previous one stays in use: ${messageOf(error)}`,
        ),
      );
    });
    return this.#turn;
  }

  async #reload(): Promise<void> {
    const next = await loadConfig(this.#file);
    // All classes are loaded, made and connected aside first: what cannot be used is found before anything is closed.
    const taken: Config = { ...this.#config, things: next.things, where: next.where };
    const trial = await hostFromConfig(taken, { log: silentLog, isStrict: false });
    const { host } = this.#server;
    const changes = changesBetween(this.#config, taken, host, trial);
    const wanted = [...next.things].filter(([name]) => !host.things.has(name) || changes.has(name));
    const gone = [...host.things.keys()].filter((name) => changes.has(name));
    this.#warnOfFixed(next);
    const failed = [...host.things.values()].filter(({ state }) => LOST.includes(state));
    await host.exchange(gone, async () => {
      for (const [name, entry] of wanted)
        await addThing(host, name, entry, { folder: taken.folder, isStrict: false });
      await this.#server.thingsChanged(embeddedThings(taken));
    });
    this.#config = taken;
    const opened = wanted.map(([name]) => name);
    const closed = gone.filter((name) => !opened.includes(name));
    const retried = failed.map(({ name }) => name).filter((name) => !gone.includes(name));
    const done = [
      opened.length > 0 ? `opened ${opened.join(", ")}` : "nothing opened",
      closed.length > 0 && `closed ${closed.join(", ")}`,
      retried.length > 0 && `tried again ${retried.join(", ")}`,
    ];
    this.#log.info(`The configuration was reloaded: ${done.filter(Boolean).join(", ")}.`);
  }

  #warnOfFixed(next: Config): void {
    const changed = changedKeys(this.#config, next);
    if (changed.length === 0) return;
    this.#log.warn(
      `${changed.join(", ")} cannot change while the server runs. Restart it for that.`,
    );
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
