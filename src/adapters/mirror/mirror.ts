import { isDeepStrictEqual } from "node:util";
import { delay, ignoreAbort } from "../../base/abort.ts";
import type { Attempt } from "../../base/attempt.ts";
import { messageOf } from "../../base/errors.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import type { Log } from "../../base/log.ts";
import { Supervisor } from "../../base/supervise.ts";
import type { ConnectionOptions } from "../../client/http.ts";
import { ThingClient } from "../../client/index.ts";
import type { JsonObject } from "../../client/json.ts";
import type { MirrorHop } from "../../core/mirror-hop.ts";
import { thingId } from "../../server/td/description.ts";
import type { ThingServer } from "../../server/thing-server.ts";
import { type DescribedThing, describedThing } from "./described.ts";
import { hopsOf, whyNotMirrored } from "./mirror-path.ts";
import {
  type MirroredThing,
  type MirroringOptions,
  type MirrorPlace,
  mirroredThing,
} from "./mirrored-thing.ts";
import { OriginFiles } from "./origin-files.ts";
import { OriginHealth } from "./origin-health.ts";

/** A Thing of the origin. */
export interface OriginThing {
  /** Its name here. */
  readonly name: string;
  readonly td: JsonObject;
  /** Where its description is. */
  readonly url: string;
}

/** What is mirrored: a server, or a fleet. */
export interface MirrorOrigin {
  /** How values are asked for. */
  readonly connection: ConnectionOptions;
  /** What is told while it has no Things, where that is not to be expected. */
  readonly whenEmpty?: string;
  /** Its Things as they are now. @throws {ClientError} */
  things(signal: AbortSignal): Promise<OriginThing[]>;
  /** Calls `onChange` at the beginning and whenever `things` may give others, until the connection is lost, which rejects, or the signal aborts. */
  follow(onChange: () => void, signal: AbortSignal): Promise<void>;
}

const MOST_THINGS = 500;
const things = countedLimit("mirrored_things");
const refused = countedLimit("mirror_refusals");
/** An origin whose Things change again and again is asked for them no more often, ms. */
const PACE_MS = 500;
const PAUSES = { firstMs: 500, longestMs: 5000 };

interface Mirrored {
  /** As the origin sent it. */
  readonly from: OriginThing;
  readonly thing: MirroredThing;
  readonly described: DescribedThing;
  /** Its description as the origin sent it, in JSON. */
  readonly told: string;
}

/** Keeps the Things of a server those of an origin: they come, change and go with it. While the origin cannot be asked they stay. */
export class Mirror {
  readonly #origin: MirrorOrigin;
  readonly #options: MirroringOptions;
  readonly #log: Log;
  readonly #server: ThingServer;
  readonly #supervisor: Supervisor;
  readonly #place: MirrorPlace;
  readonly #health: OriginHealth;
  readonly #end = new AbortController();
  readonly #mirrored = new Map<string, Mirrored>();
  /** Why Things are not mirrored, as it was told. */
  readonly #toldRefusals = new Map<string, string>();
  #turn: Promise<void> = Promise.resolve();
  #isEmptyTold = false;
  /** Why its Things are not followed, as it was logged last. */
  #toldReason: string | undefined;

  constructor(
    origin: MirrorOrigin,
    server: ThingServer,
    { log, healthMs, ...options }: MirroringOptions & { readonly log: Log; healthMs?: number },
  ) {
    this.#origin = origin;
    this.#server = server;
    this.#log = log;
    this.#options = options;
    this.#place = placeOf(server);
    const asked = () =>
      [...this.#mirrored.values()].map(({ from: { td, url }, thing }) => ({
        ...{ td, url, tell: (trouble: string | undefined) => thing.isAtOrigin(trouble) },
      }));
    this.#health = new OriginHealth(origin.connection, asked, healthMs);
    this.#supervisor = new Supervisor((attempt) => this.#follow(attempt), {
      pauses: PAUSES,
      isBackground: true,
      onFailure: ({ reason }) => {
        if (reason !== this.#toldReason) log.warn(unfollowed(reason));
        this.#toldReason = reason;
      },
    });
  }

  /** Adds the Things that the origin has now to the server, which does not listen yet. @throws {ClientError} when it cannot be asked. */
  async look(signal: AbortSignal): Promise<void> {
    await this.#take(await this.#origin.things(signal));
  }

  /** From now on Things come, change and go as at the origin. */
  start(): void {
    this.#supervisor.start();
    void this.#health.follow(this.#end.signal);
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#supervisor.close();
    await this.#turn;
  }

  async #follow({ signal }: Attempt): Promise<void> {
    let fail: (error: unknown) => void = () => {};
    const failed = new Promise<never>((_, reject) => {
      fail = reject;
    });
    let isDue = false; // one turn sees all that has changed before it
    const onChange = () => {
      if (isDue) return;
      isDue = true;
      this.#turn = this.#turn.then(async () => {
        isDue = false;
        if (signal.aborted) return;
        await this.#origin.things(signal).then((found) => this.#found(found), fail);
        void this.#health.ask(signal); // what has opened, or could not, is told as a change
        await delay(PACE_MS, signal).catch(ignoreAbort);
      });
    };
    await Promise.race([this.#origin.follow(onChange, signal), failed]);
  }

  #found(found: readonly OriginThing[]): Promise<void> {
    if (this.#toldReason !== undefined)
      this.#log.info("The Things of the origin are followed again.");
    this.#toldReason = undefined;
    return this.#take(found);
  }

  /** Never rejects: what cannot be taken over is told. */
  async #take(found: readonly OriginThing[]): Promise<void> {
    const { whenEmpty } = this.#origin;
    const isEmpty = found.length === 0 && whenEmpty !== undefined;
    if (isEmpty && !this.#isEmptyTold) this.#log.warn(whenEmpty);
    this.#isEmptyTold = isEmpty;
    if (found.length > MOST_THINGS) things.hit(found.length - MOST_THINGS);
    const wanted = new Map<string, OriginThing>();
    for (const thing of found.slice(0, MOST_THINGS)) {
      const other = wanted.get(thing.name);
      if (!other) wanted.set(thing.name, thing);
      else
        this.#refuse(
          `${thing.name} at ${thing.url}`,
          `would have the name of the one at ${other.url}. Rename it or its server.`,
        );
    }
    const gone = [...this.#mirrored.keys()].filter((name) => !wanted.has(name));
    const fresh = new Map<string, Mirrored>();
    for (const [name, thing] of wanted) {
      const before = this.#mirrored.get(name);
      const next = this.#next(thing, before);
      const stays = before !== undefined && next?.thing === before.thing;
      if (stays) this.#mirrored.set(name, next);
      else if (before) gone.push(name);
      if (next && !stays) fresh.set(name, next);
    }
    if (gone.length + fresh.size === 0) return;
    await this.#exchange(gone, fresh).catch((error) =>
      this.#log.error(`A change of the origin was not taken over: ${messageOf(error)}`),
    );
  }

  async #exchange(gone: readonly string[], fresh: ReadonlyMap<string, Mirrored>): Promise<void> {
    const { host, bound } = this.#server;
    const added: string[] = [];
    const add = async () => {
      for (const name of gone) this.#mirrored.delete(name);
      for (const [name, mirrored] of fresh) if (this.#add(name, mirrored)) added.push(name);
      await this.#server.thingsChanged();
    };
    // Before it listens, the server opens its Things itself.
    await (bound ? host.exchange(gone, add) : add());
    if (!bound) return;
    if (added.length > 0) this.#log.info(`Mirrored now: ${added.join(", ")}.`);
    const ended = gone.filter((name) => !added.includes(name));
    if (ended.length > 0) this.#log.info(`Mirrored no longer: ${ended.join(", ")}.`);
  }

  #add(name: string, mirrored: Mirrored): boolean {
    try {
      this.#server.host.add(name, mirrored.thing, { keepRefused: true });
      this.#mirrored.set(name, mirrored);
      return true;
    } catch (error) {
      this.#refuse(name, `cannot be served here: ${messageOf(error)}`);
      return false;
    }
  }

  /** What a Thing of the origin is here: the one that it was, if its streams are those of before; undefined if it is not mirrored. */
  #next(from: OriginThing, before: Mirrored | undefined): Mirrored | undefined {
    const { name, td, url } = from;
    const told = JSON.stringify(td);
    if (before?.told === told) return before;
    const hops = hopsOf(td, url);
    const why = whyNotMirrored(hops, this.#place.ids());
    if (why !== undefined || !hops) {
      this.#refuse(name, `${why}.`);
      return undefined;
    }
    try {
      const described = describedThing(td, url);
      const client = ThingClient.of(td, url, this.#origin.connection);
      this.#toldRefusals.delete(name);
      if (before && isAlike(before, described, hops)) {
        before.thing.update(described, client);
        return { ...before, from, described, told };
      }
      const files = new OriginFiles(this.#origin.connection);
      const thing = mirroredThing(described, client, hops, this.#options, this.#place, files);
      return { from, thing, described, told };
    } catch (error) {
      this.#refuse(name, `cannot be mirrored: ${messageOf(error)}`);
      return undefined;
    }
  }

  #refuse(name: string, why: string): void {
    if (this.#toldRefusals.get(name) === why) return;
    this.#toldRefusals.set(name, why);
    refused.hit();
    this.#log.warn(`'${name}' of the origin is not mirrored: it ${why}`);
  }
}

function unfollowed(reason: string): string {
  return `The Things of the origin are not followed: ${reason} Those that are known stay.`;
}

function placeOf({ host }: ThingServer): MirrorPlace {
  const idOf = (name: string) => thingId(host, name);
  return { idOf, ids: () => new Set([...host.things.keys()].map(idOf)) };
}

/** Whether viewers can stay: streams, class and place are those of before. */
function isAlike({ described, thing }: Mirrored, next: DescribedThing, hops: readonly MirrorHop[]) {
  const shape = ({ className, types, streams }: DescribedThing) => [className, types, streams];
  return isDeepStrictEqual([...shape(described), thing.mirrorOf], [...shape(next), hops]);
}
