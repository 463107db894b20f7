import { now, toDateTime, wallTime } from "../../base/clock.ts";
import { ThingError } from "../../base/errors.ts";
import { quoted } from "../../base/preview.ts";
import { systemTimers } from "../../base/timers.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import { LANGUAGE, TD_CONTEXTS, type ThingDescriber, thingId } from "../td/description.ts";
import { DirectoryEvents } from "./directory-events.ts";
import { type EnrichedDescription, NO_REMOTE_THINGS, type RemoteThings } from "./remote-things.ts";

export const DISCOVERY_CONTEXT = "https://www.w3.org/2022/wot/discovery";

/** Between two changes of one Thing's model that are told, ms. */
const TOLD_EVERY_MS = 1000;

/**
 * All Things of a host as a Thing Description Directory lists them.
 * @see W3C Web of Things (WoT) Discovery, Recommendation of 5 December 2023, 7.3.
 */
export class ThingDirectory {
  readonly events = new DirectoryEvents();
  readonly #host: ThingHost;
  #describe: ThingDescriber;
  /** The Things that it has told of, and since when it knows them. */
  readonly #known = new Map<string, number>();
  readonly #created = now();
  readonly #modified = new Map<string, number>();
  #modifications = 0;
  /** When `thing_updated` was told last of a Thing. */
  readonly #told = new Map<string, number>();
  /** Things of which it is about to be told. */
  readonly #due = new Set<string>();
  /** As they were told: what has left the host has none. */
  readonly #ids = new Map<string, string>();
  readonly #remote: RemoteThings;

  constructor(host: ThingHost, describe: ThingDescriber, remote = NO_REMOTE_THINGS) {
    this.#host = host;
    this.#describe = describe;
    this.#remote = remote;
    this.update(describe);
    remote.onChange((what, id) => {
      this.#modifications += 1;
      this.events.tell(what, id);
    });
    host.onState(({ name, state }) => {
      if (state !== "open" && state !== "failed") return;
      this.#modify(name);
      this.#tellUpdated(name);
    });
    host.onModel(({ name, state }) => {
      this.#modify(name);
      if (state === "open") this.#tellUpdatedSoon(name); // of others it is told when they are
    });
  }

  /** Describes the Things of the host as they are now, and tells which are new and which have gone. */
  update(describe: ThingDescriber): void {
    this.#describe = describe;
    const names = new Set(this.names);
    for (const [name, id] of [...this.#ids]) {
      if (names.has(name) && thingId(this.#host, name) === id) continue;
      for (const map of [this.#known, this.#modified, this.#told, this.#ids]) map.delete(name);
      this.#modifications += 1; // one that comes under its name is another one
      this.events.tell("thing_deleted", id);
    }
    for (const name of names) {
      if (this.#known.has(name)) continue;
      const id = thingId(this.#host, name);
      this.#known.set(name, now());
      this.#ids.set(name, id);
      this.events.tell("thing_created", id);
    }
  }

  #modify(name: string): void {
    if (!this.#host.things.has(name)) return; // it has left, and is not remembered
    this.#modified.set(name, now());
    this.#modifications += 1;
  }

  #tellUpdated(name: string): void {
    this.#told.set(name, now());
    this.events.tell("thing_updated", thingId(this.#host, name));
  }

  /** A Thing may change its model many times: that is told once for all changes of a turn, and once a second. */
  #tellUpdatedSoon(name: string): void {
    if (this.#due.has(name)) return;
    this.#due.add(name);
    const wait = (this.#told.get(name) ?? Number.NEGATIVE_INFINITY) + TOLD_EVERY_MS - now();
    const tell = () => {
      this.#due.delete(name);
      if (this.#host.things.has(name)) this.#tellUpdated(name);
    };
    systemTimers.after(Math.max(0, wait), tell, true);
  }

  /** Its own id; no Thing can have the directory's name. */
  get id(): string {
    return thingId(this.#host, "directory");
  }

  get names(): string[] {
    return [...this.#host.things.keys()];
  }

  /** Another one whenever what `list` gives is another: when Things come, change their state or model, or go, or the clock is set. */
  get version(): string {
    return `${wallTime(this.#created)} ${this.#modifications} ${this.names.join()}`;
  }

  /** How many descriptions `list` gives. */
  get size(): number {
    return this.#host.things.size + this.#remote.descriptions.size;
  }

  /** Every description, in the order of the ids, as the specification wants it. */
  list(root: string): EnrichedDescription[] {
    const own = this.names.map((name) => [thingId(this.#host, name), name] as const);
    const all = new Map<string, string | EnrichedDescription>([
      ...this.#remote.descriptions,
      ...own,
    ]);
    // All ids are ASCII, so that the order of code units is the order of code points.
    return [...all]
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([, found]) => (typeof found === "string" ? this.#enriched(found, root) : found));
  }

  /** @throws {ThingError} `NOT_FOUND`. */
  get(id: string, root: string): EnrichedDescription {
    const name = this.names.find((name) => thingId(this.#host, name) === id);
    if (name !== undefined) return this.#enriched(name, root);
    const remote = this.#remote.descriptions.get(id);
    if (remote) return remote;
    throw new ThingError(
      "NOT_FOUND",
      `The directory has no Thing with the id '${quoted(id)}'. The list of all Things shows the id of each.`,
    );
  }

  #enriched(name: string, root: string): EnrichedDescription {
    const created = this.#known.get(name) ?? this.#created;
    const modified = this.#modified.get(name) ?? created;
    return {
      ...this.#describe(name, root),
      "@context": [...TD_CONTEXTS, DISCOVERY_CONTEXT, LANGUAGE],
      registration: {
        created: toDateTime(wallTime(created)),
        modified: toDateTime(wallTime(modified)),
      },
    };
  }
}
