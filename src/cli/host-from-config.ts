import { messageOf, ThingError } from "../base/errors.ts";
import type { Log } from "../base/log.ts";
import { nearest } from "../base/nearest.ts";
import type { HostedThing } from "../core/hosted-thing.ts";
import { invalidDefaults } from "../core/initial-values.ts";
import { Thing } from "../core/thing.ts";
import { madeFor } from "../core/thing-faults.ts";
import { ThingHost } from "../core/thing-host.ts";
import type { Config } from "./config.ts";
import { type ConfigProblem, problemsError } from "./config-faults.ts";
import type { ThingEntry } from "./config-schema.ts";
import { loadClass } from "./load-class.ts";
import { notLoaded, withPlace } from "./load-module.ts";

/** How the Things of a configuration are put together. */
interface FittingOptions {
  readonly log: Log;
  /** Where log files are kept; nowhere when absent. */
  readonly logFolder?: string | undefined;
  /** Whether what one Thing alone is refused for, or cannot be read for, is a problem of the configuration. Otherwise it is listed as failed. */
  readonly isStrict: boolean;
  /** Whether a Thing whose constructor fails is listed as failed, too. Otherwise it is a problem of the configuration. */
  readonly keepsUnmade?: boolean;
}

/**
 * The Things of a configuration in a host: loaded, made and fitted together, but not opened.
 * @throws {ThingError} `BAD_CONFIG`, or `CLASS_NOT_LOADED` if all that is wrong is in the classes; each problem with its line.
 */
export async function hostFromConfig(
  config: Config,
  { log, logFolder, isStrict, keepsUnmade = false }: FittingOptions,
): Promise<ThingHost> {
  const host = new ThingHost({
    settingsFolder: config.settingsFolder,
    applicationConfig: config.applicationConfig,
    enableGlobalLock: config.enableGlobalLock,
    globalLockLogLevel: config.globalLockLogLevel,
    invocations: config.invocations,
    log,
    logFolder,
  });
  const problems: ConfigProblem[] = [];
  for (const [name, entry] of config.things) {
    try {
      const hosted = await addThing(host, name, entry, {
        folder: config.folder,
        isStrict,
        keepsUnmade,
      });
      if (isStrict) for (const sentence of invalidDefaults(hosted)) throw unfit(sentence);
    } catch (error) {
      problems.push(asProblem(["things", name, "class"], error));
    }
  }
  problems.push(...unknownSlots(host, config));
  // A slot that finds nothing says nothing new when the Thing for it is among those that failed.
  const isWhole = [...host.things.values()].every(({ thing }) => !(thing instanceof UnmadeThing));
  if (problems.length === 0 && isWhole) problems.push(...unconnectedSlots(host));
  if (problems.length > 0) throw problemsError(problems, config.where);
  return host;
}

/** Makes one Thing of a configuration and puts it into a host. @throws {ThingError} as `hostFromConfig` does, without the line. */
export async function addThing(
  host: ThingHost,
  name: string,
  { class: reference, args = [], kwargs = {}, thing_slots, title, description }: ThingEntry,
  {
    folder,
    isStrict,
    keepsUnmade = false,
  }: { folder: string; isStrict: boolean; keepsUnmade?: boolean },
): Promise<HostedThing> {
  const thingClass = await loadClass(reference, folder);
  const make = () => madeFor(name, host.log, () => new thingClass(...args, kwargs));
  const thing = made(name, make, keepsUnmade);
  return host.add(name, thing, {
    ...(thing_slots && { slots: thing_slots }),
    ...{ title, description, keepRefused: !isStrict },
  });
}

function unfit(sentence: string): ThingError {
  return new ThingError("BAD_CONFIG", sentence);
}

/** An author's own sentence about its options is the configuration's fault; anything else is that Thing's own. */
function made(name: string, make: () => Thing, keepsUnmade: boolean): Thing {
  try {
    return make();
  } catch (cause) {
    const sentence = `Thing '${name}' cannot be created: ${messageOf(cause)}`;
    if (cause instanceof ThingError) throw new ThingError("BAD_CONFIG", sentence, { cause });
    const error = notLoaded(withPlace(sentence, cause), cause);
    if (!keepsUnmade) throw error;
    return new UnmadeThing(error);
  }
}

function unknownSlots(host: ThingHost, config: Config): ConfigProblem[] {
  return [...config.things].flatMap(([name, { thing_slots = {} }]) => {
    const hosted = host.things.get(name);
    if (!hosted || hosted.thing instanceof UnmadeThing) return [];
    const known = hosted.model.slots.map((slot) => slot.member);
    const unknown = Object.keys(thing_slots).filter((slot) => !known.includes(slot));
    return unknown.map((slot) => {
      const near = nearest(slot, known);
      const has = known.length > 0 ? `It has: ${known.join(", ")}.` : "It has none.";
      return {
        path: ["things", name, "thing_slots", slot],
        message: `Thing '${name}' has no slot '${slot}'. ${near ? `Did you mean '${near}'?` : has}`,
      };
    });
  });
}

function unconnectedSlots(host: ThingHost): ConfigProblem[] {
  return [...host.things.keys()].flatMap((name) => {
    try {
      host.connectSlots(name);
      return [];
    } catch (error) {
      return [asProblem(["things", name, "thing_slots"], error)];
    }
  });
}

function asProblem(path: ConfigProblem["path"], error: unknown): ConfigProblem {
  const message = messageOf(error);
  return error instanceof ThingError && error.code !== "CLASS_NOT_LOADED"
    ? { path, message }
    : { path, message, code: "CLASS_NOT_LOADED" };
}

/** Stands in for a Thing whose constructor failed, so that it is listed with the reason and the others are served. */
class UnmadeThing extends Thing {
  static override readonly title = "A Thing that could not be created";
  readonly #cause: Error;

  /** @param cause - Its sentence is the reason why this Thing cannot open. */
  constructor(cause: Error) {
    super();
    this.#cause = cause;
  }

  override open(): void {
    throw this.#cause;
  }
}
