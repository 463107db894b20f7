import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { delay, within } from "../base/abort.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { makeFolders } from "../base/make-folders.ts";
import { ThingClient } from "../client/thing-client.ts";
import type { AddOptions, HostOptions } from "../core/host-options.ts";
import type { HostedThing } from "../core/hosted-thing.ts";
import { classNameOf } from "../core/member-name.ts";
import type { Thing } from "../core/thing.ts";
import { ThingHost } from "../core/thing-host.ts";
import type { ServerOptions } from "../server/server-options.ts";
import { ThingServer } from "../server/thing-server.ts";
import { TestLog } from "./test-log.ts";

/** How a Thing is hosted for a test. */
export interface TestHostOptions<O = unknown> {
  /** The constructor's argument. Default `{}`, as from a configuration without `kwargs`. */
  readonly kwargs?: O;
  /** Its name in the host and in its URL. Default `thing`. */
  readonly name?: string;
  /** Slot name to the Thing, or Things, that fill it; they are hosted and opened before the Thing itself. */
  readonly slots?: Readonly<Record<string, Thing | readonly Thing[]>>;
  /** Things beside it, by name. */
  readonly things?: Readonly<Record<string, Thing>>;
  /** The content of its settings file before it is opened. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** Returns also when the Thing could not open: see `hosted.state` and `hosted.reason`. */
  readonly mayFail?: boolean;
  readonly host?: Omit<HostOptions, "settingsFolder" | "log">;
  readonly server?: ServerOptions;
}

/** How long to wait, and for which data. */
export interface WaitOptions<T> {
  /** 5000 ms by default. */
  readonly withinMs?: number;
  /** Skips data for which it returns false. */
  readonly where?: (value: T) => boolean;
}

/**
 * Creates a Thing and opens it in a server on a free port of 127.0.0.1, with settings in a temporary folder. Close it, or
 * declare it with `await using`.
 * @throws what the constructor throws; {ThingError} `NOT_READY` when the Thing cannot open, unless it `mayFail`.
 */
export async function openTestHost<T extends Thing, O = unknown>(
  thingClass: new (kwargs: O) => T,
  options: TestHostOptions<O> = {},
): Promise<TestHost<T>> {
  const { kwargs = {} as O, name = "thing", slots = {}, things = {}, settings } = options;
  const thing = new thingClass(kwargs);
  const settingsFolder = await mkdtemp(join(tmpdir(), "thingscope-test-"));
  const log = new TestLog();
  const host = new ThingHost({ ...options.host, settingsFolder, log: log.log });
  try {
    for (const [other, one] of Object.entries(things)) host.add(other, one);
    const hosted = host.add(name, thing, { slots: filledSlots(host, slots) });
    if (settings) await writeSettings(settingsFolder, name, thing, settings);
    const server = new ThingServer(host, options.server);
    const { url: origin } = await server.listen({ port: 0 });
    const opened = new TestHost({ thing, hosted, server, log, settingsFolder, origin });
    if (hosted.state === "open" || options.mayFail) return opened;
    const { reason } = hosted; // closing forgets it
    await opened.close();
    throw new ThingError("NOT_READY", `${thingClass.name} did not open: ${reason}`);
  } catch (error) {
    await rm(settingsFolder, { recursive: true, force: true });
    throw error;
  }
}

interface Parts<T extends Thing> {
  readonly thing: T;
  readonly hosted: HostedThing;
  readonly server: ThingServer;
  readonly log: TestLog;
  readonly settingsFolder: string;
  readonly origin: string;
}

/** One Thing in a server of its own, for a test. */
export class TestHost<T extends Thing> implements AsyncDisposable {
  readonly thing: T;
  /** The Thing as the server sees it: every access validated, locked and observed. */
  readonly hosted: HostedThing;
  readonly server: ThingServer;
  readonly log: TestLog;
  /** Removed by `close`. */
  readonly settingsFolder: string;
  /** `http://127.0.0.1:PORT` */
  readonly origin: string;

  constructor({ thing, hosted, server, log, settingsFolder, origin }: Parts<T>) {
    this.thing = thing;
    this.hosted = hosted;
    this.server = server;
    this.log = log;
    this.settingsFolder = settingsFolder;
    this.origin = origin;
  }

  get host(): ThingHost {
    return this.server.host;
  }

  /** Of the Thing Description; properties, actions, events and streams are below it. */
  get url(): string {
    return `${this.origin}/${this.hosted.name}/`;
  }

  /** A client of the Thing, over HTTP. @param name - Of another Thing here. */
  client(name = this.hosted.name): Promise<ThingClient> {
    return ThingClient.connect(`${this.origin}/${name}/`);
  }

  /**
   * The data of the next emission of an event.
   * @throws {ThingError} `NOT_FOUND` when none comes in time; `UNKNOWN_AFFORDANCE`.
   */
  async nextEvent(name: string, options: WaitOptions<unknown> = {}): Promise<unknown> {
    const { withinMs = 5000, where = () => true } = options;
    let end = () => {};
    const emitted = new Promise<unknown>((resolve) => {
      end = this.hosted.onEvent(name, (data) => {
        if (where(data)) resolve(data);
      });
    });
    const late = () =>
      new ThingError("NOT_FOUND", `Event '${name}' was not emitted within ${withinMs} ms.`);
    return within(emitted, withinMs, late).finally(end);
  }

  /**
   * Reads a property until it has the expected value.
   * @throws {ThingError} `NOT_FOUND` with the last value or reason, when it has another for `withinMs`; `UNKNOWN_AFFORDANCE`.
   */
  async untilProperty(
    name: string,
    where: (value: unknown) => boolean,
    { withinMs = 5000 } = {},
  ): Promise<unknown> {
    const end = performance.now() + withinMs;
    for (;;) {
      const read = await this.hosted.readProperty(name).then(
        (value) => ({ value, isIt: where(value), said: JSON.stringify(value) }),
        (error) => {
          if (error instanceof ThingError && error.code === "UNKNOWN_AFFORDANCE") throw error;
          return { value: undefined, isIt: false, said: messageOf(error) };
        },
      );
      if (read.isIt) return read.value;
      if (performance.now() > end) {
        const sentence = `Property '${name}' was not as expected within ${withinMs} ms: ${read.said}`;
        throw new ThingError("NOT_FOUND", sentence);
      }
      await delay(10);
    }
  }

  /** The current content of the Thing's settings file; undefined if there is none. */
  async savedSettings(): Promise<Record<string, unknown> | undefined> {
    const path = settingsPath(this.settingsFolder, this.hosted.name, this.thing);
    const text = await readFile(path, "utf8").catch(() => undefined);
    return text === undefined ? undefined : JSON.parse(text);
  }

  /** Closes the Things, ends the server and removes the temporary folder. */
  async close(): Promise<void> {
    await this.server.close();
    await rm(this.settingsFolder, { recursive: true, force: true });
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

function settingsPath(folder: string, name: string, thing: Thing): string {
  return join(folder, name, `Settings-${classNameOf(thing)}.json`);
}

async function writeSettings(
  folder: string,
  name: string,
  thing: Thing,
  settings: Readonly<Record<string, unknown>>,
): Promise<void> {
  await makeFolders(join(folder, name));
  await writeFile(settingsPath(folder, name, thing), JSON.stringify(settings));
}

/**
 * The names of the Things that fill slots. A Thing that the host does not have yet is added, under the name of its slot,
 * or `slot_1`, `slot_2` where the slot takes several.
 */
function filledSlots(
  host: ThingHost,
  slots: Readonly<Record<string, Thing | readonly Thing[]>>,
): NonNullable<AddOptions["slots"]> {
  return Object.fromEntries(
    Object.entries(slots).map(([slot, filling]) => [
      slot,
      isThings(filling)
        ? filling.map((thing, index) => nameOf(host, thing, `${slot}_${index + 1}`))
        : nameOf(host, filling, slot),
    ]),
  );
}

function isThings(filling: Thing | readonly Thing[]): filling is readonly Thing[] {
  return Array.isArray(filling);
}

function nameOf(host: ThingHost, thing: Thing, name: string): string {
  const known = [...host.things.values()].find((hosted) => hosted.thing === thing);
  return known?.name ?? host.add(name, thing).name;
}
