import { fetchJson } from "./fetch-json.ts";
import { framesServers } from "./frames-servers.ts";
import type { Lamp } from "./lamp.ts";
import { forgetThing, LiveThing } from "./live-thing.ts";
import { type JsonObject, titleOf } from "./td.ts";

/** Another server of the fleet. */
export interface Member {
  readonly name: string;
  /** Where it begins. */
  readonly url: string;
  /** Whether somebody has to log in there: then only its own pages show its pictures. */
  readonly login: boolean;
}

/** How a fleet does, of `/health` of the own server. */
export interface FleetHealth {
  readonly connected: boolean;
  /** s; undefined while it is connected, and before it was. */
  readonly lostFor?: number | undefined;
  readonly reason?: string | undefined;
  readonly members: readonly Member[];
  /** Names of those that went without a word and have not come back. */
  readonly silent: readonly string[];
}

/** A Thing of another server. */
export interface FleetThing {
  readonly member: Member;
  /** As it is shown: `bench-2: Camera`. */
  readonly title: string;
  readonly live: LiveThing;
}

/** What `/health` says of a fleet; undefined where the server belongs to none. */
export function fleetIn(health: unknown): FleetHealth | undefined {
  const { fleet } = Object(health);
  const { connected, lostFor, reason, members, silent } = Object(fleet);
  if (typeof connected !== "boolean" || !Array.isArray(members)) return undefined;
  return {
    connected,
    lostFor: typeof lostFor === "number" ? lostFor : undefined,
    reason: typeof reason === "string" ? reason : undefined,
    members: members
      .map(Object)
      .filter(({ url }) => /^https?:/.test(String(url)) && URL.canParse(url))
      .map(({ name, url, login }) => ({ name: String(name), url, login: login === true })),
    silent: Array.isArray(silent) ? silent.map(String) : [],
  };
}

/** Names of members that a sentence has at most. */
const MOST_NAMES = 3;

function lostSentence(lost: readonly string[]): string {
  const more = lost.length - MOST_NAMES;
  const names = lost.slice(0, MOST_NAMES).join(", ") + (more > 0 ? ` and ${more} more` : "");
  const whose = lost.length > 1 ? "their" : "its";
  return `Nothing is heard of ${names} any more, and ${whose} Things are not shown. Check ${whose} power and network.`;
}

interface Placed {
  readonly td: JsonObject;
  readonly url: string;
  readonly member: Member;
}

/** Things of other servers of the fleet, by `MEMBER/THING`: they are asked there, and not by way of the own server. */
export class Fleet {
  things: ReadonlyMap<string, FleetThing> = new Map();
  #health: FleetHealth | undefined;
  /** When that was heard, ms of `performance.now()`. */
  #heardAt = 0;
  /** Members that this page has shown, and that went without a word. */
  #lost: readonly string[] = [];

  /** @returns Whether the members are other ones than before. */
  hear(health: FleetHealth | undefined): boolean {
    const before = JSON.stringify(this.#health?.members);
    const shown = [...this.#lost, ...(this.#health?.members ?? []).map(({ name }) => name)];
    this.#lost = [...new Set(shown)].filter((name) => health?.silent.includes(name));
    this.#health = health;
    this.#heardAt = performance.now();
    return before !== JSON.stringify(health?.members);
  }

  /** What is to be said while other servers are not heard of; undefined while they are. */
  get problem(): string | undefined {
    const { connected, lostFor, reason } = this.#health ?? { connected: true };
    if (connected) return this.#lost.length > 0 ? lostSentence(this.#lost) : undefined;
    const why = `NATS is not reached${reason ? ` (${reason.replace(/\.$/, "")})` : ""}.`;
    if (lostFor === undefined) return `Other machines are not shown: ${why}`;
    const seconds = Math.round(lostFor + (performance.now() - this.#heardAt) / 1000);
    return `Other machines are shown as they were ${seconds} s ago: ${why}`;
  }

  lampOf(name: string): Lamp | undefined {
    const thing = this.things.get(name);
    if (!thing) return undefined;
    if (!this.#health?.connected) return { state: "starting", word: "Not known" };
    const { problem } = thing.live;
    if (problem !== undefined) return { state: "failed", word: "Not reached", reason: problem };
    return { state: "idle", word: `On ${thing.member.name}` };
  }

  /** The one with this `id` in its description. */
  withId(id: string): LiveThing | undefined {
    return [...this.things.values()].find(({ live }) => live.td.id === id)?.live;
  }

  /** Reads from the directory which there are. */
  async read(): Promise<void> {
    const members = this.#health?.members ?? [];
    const all = members.length > 0 ? await fetchJson("directory/things") : [];
    framesServers.clear();
    for (const { url } of members) framesServers.add(new URL(url).origin);
    const descriptions: readonly unknown[] = Array.isArray(all) ? all : [];
    const found = new Map<string, Placed>(
      descriptions.flatMap((td) => this.#placed(Object(td), members)),
    );
    const before = this.things;
    for (const [name, { live }] of before) if (found.get(name)?.url !== live.url) forgetThing(live);
    const things = [...found].map(([name, { td, url, member }]): [string, FleetThing] => {
      const known = before.get(name)?.live;
      const live = known?.url === url ? known : LiveThing.described(td, url);
      const title = `${member.name}: ${titleOf(name.slice(member.name.length + 1), {})}`;
      return [name, { member, title, live }];
    });
    this.things = new Map(things.sort(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** A description, its address and whose it is; nothing where it is none of a member's. */
  #placed(td: JsonObject, members: readonly Member[]): [string, Placed][] {
    const links: readonly unknown[] = Array.isArray(td.links) ? td.links : [];
    const href = Object(links.find((link) => Object(link).rel === "self")).href;
    if (typeof href !== "string" || !URL.canParse(href)) return [];
    const { origin, pathname } = new URL(href);
    const member = members.find(({ url }) => new URL(url).origin === origin);
    const thing = decoded(pathname.split("/").at(-2) ?? "");
    return member ? [[`${member.name}/${thing}`, { td, url: href, member }]] : [];
  }
}

/** Of a segment of a path, which another server has made: it may be none. */
function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}
