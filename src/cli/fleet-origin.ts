import type { MirrorOrigin, OriginThing } from "../adapters/mirror/index.ts";
import type { MemberThing, Roster } from "../adapters/nats/roster.ts";
import { countedLimit } from "../base/limit-hits.ts";
import type { ConnectionOptions } from "../client/http.ts";
import { listOf, objectOf, textOf } from "../client/json.ts";

/** Things of members that have gone. */
const MOST_GONE = 500;
const goneLimit = countedLimit("mirror_gone_things");

interface Known extends OriginThing {
  readonly member: string;
}

/**
 * The Things of all members of a fleet, as `MEMBER-THING`, but not those that members mirror themselves. Those of a member that has
 * gone stay, as it may come back: whoever watches them is told that it cannot be reached.
 */
export class FleetOrigin implements MirrorOrigin {
  readonly connection: ConnectionOptions;
  readonly #roster: Roster;
  /** By member and Thing, those that are there first. */
  #known: ReadonlyMap<string, Known> = new Map();

  constructor(roster: Roster, connection: ConnectionOptions) {
    this.#roster = roster;
    this.connection = connection;
  }

  async things(): Promise<OriginThing[]> {
    const present = new Set(this.#roster.present.map(({ name }) => name));
    const known = new Map<string, Known>();
    for (const thing of this.#roster.things) {
      const found = originThing(thing);
      if (found) known.set(`${thing.member} ${thing.thing}`, { ...found, member: thing.member });
    }
    const gone = [...this.#known].filter(
      ([key, { member }]) => !present.has(member) && !known.has(key),
    );
    if (gone.length > MOST_GONE) goneLimit.hit(gone.length - MOST_GONE);
    // Those that have just gone stood before those that went earlier.
    for (const [key, thing] of gone.slice(0, MOST_GONE)) known.set(key, thing);
    this.#known = known;
    return [...known.values()];
  }

  async follow(onChange: () => void, signal: AbortSignal): Promise<void> {
    const stop = this.#roster.onChange(onChange);
    onChange();
    await new Promise<void>((resolve) => {
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    stop();
  }
}

function originThing({ member, thing, description: td }: MemberThing): OriginThing | undefined {
  const self = listOf(td.links)
    .map(objectOf)
    .find(({ rel }) => rel === "self");
  const url = textOf(self?.href);
  if (url === undefined || !/^https?:/.test(url) || td.mirrorOf !== undefined) return undefined;
  return { name: `${member}-${thing}`, td, url };
}
