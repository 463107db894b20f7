import type { MirrorOrigin, OriginThing } from "../adapters/mirror/index.ts";
import type { MemberThing, Roster } from "../adapters/nats/roster.ts";
import type { ConnectionOptions } from "../client/http.ts";
import { listOf, objectOf, textOf } from "../client/json.ts";

/**
 * The Things of all members of a fleet, as `MEMBER-THING`, but not those that members mirror themselves. Those of a member that has
 * gone stay, as it may come back: whoever watches them is told that it cannot be reached.
 */
export class FleetOrigin implements MirrorOrigin {
  readonly connection: ConnectionOptions;
  readonly #roster: Roster;
  readonly #known = new Map<string, OriginThing & { readonly member: string }>();

  constructor(roster: Roster, connection: ConnectionOptions) {
    this.#roster = roster;
    this.connection = connection;
  }

  async things(): Promise<OriginThing[]> {
    const present = new Set(this.#roster.present.map(({ name }) => name));
    for (const [name, { member }] of this.#known) if (present.has(member)) this.#known.delete(name);
    for (const thing of this.#roster.things) {
      const found = originThing(thing);
      if (found) this.#known.set(found.name, { ...found, member: thing.member });
    }
    return [...this.#known.values()];
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
