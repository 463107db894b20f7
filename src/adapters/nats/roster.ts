import { createHash } from "node:crypto";
import { countedLimit } from "../../base/limit-hits.ts";
import type { Log } from "../../base/log.ts";
import { systemTimers, type Timers } from "../../base/timers.ts";
import type { DirectoryEventType } from "../../server/directory/directory-events.ts";
import type { EnrichedDescription, RemoteThings } from "../../server/directory/remote-things.ts";
import { GONE_MS, type Lease, leaseIn, renewedAfterPause } from "./lease.ts";
import { descriptionIn, isMemberName, RefusedEntries, strangerIn } from "./member-entries.ts";
import { ToldOnce } from "./told-once.ts";

const MOST_MEMBERS = 500;
const MOST_THINGS = 5000;
/** Of all descriptions: those of some 1400 cameras. */
const MOST_CHARACTERS = 100e6;

const membersLimit = countedLimit("fleet_members");
const thingsLimit = countedLimit("fleet_things");

interface Member {
  lease: Lease | undefined;
  /** When its lease was renewed last, on this machine's clock. */
  renewedAt: number;
  /** Its descriptions by the name of the Thing. */
  readonly things: Map<string, EnrichedDescription>;
  /** The text of each, by its digest: one that is read again is no news. */
  readonly written: Map<string, { readonly digest: string; readonly size: number }>;
}

/** One other server of the fleet, as it said last. */
export interface PresentMember extends Lease {
  readonly name: string;
  readonly things: number;
}

/** A Thing of another server of the fleet. */
export interface MemberThing {
  readonly member: string;
  readonly thing: string;
  readonly description: EnrichedDescription;
}

/**
 * The other members of a fleet and their Things, as leases and the bucket of descriptions tell. A member is present until its lease has not been
 * renewed for nine seconds; its Things are listed while it is present.
 */
export class Roster implements RemoteThings {
  readonly descriptions = new Map<string, EnrichedDescription>();
  readonly #once: ToldOnce;
  /** What others have written and nobody can use. */
  readonly refused: RefusedEntries;
  readonly #own: string;
  readonly #log: Log;
  readonly #timers: Timers;
  readonly #members = new Map<string, Member>();
  readonly #listeners = new Set<(what: DirectoryEventType, id: string) => void>();
  readonly #memberListeners = new Set<() => void>();
  readonly #silent = new Set<string>();
  /** Ids that several Things have. */
  readonly #twins = new Set<string>();
  /** Descriptions that say that their Things are not their member's. */
  readonly #strangers = new WeakSet<EnrichedDescription>();
  #count = 0;
  /** Characters of all descriptions. */
  #size = 0;
  #stopTimer = () => {};
  #pausedAt = Number.NEGATIVE_INFINITY;

  /** @param own - This server's name, which is no other member. */
  constructor(own: string, log: Log, timers: Timers = systemTimers) {
    this.#own = own;
    this.#log = log;
    this.#once = new ToldOnce((sentence) => log.warn(sentence));
    this.refused = new RefusedEntries(log);
    this.#timers = timers;
  }

  /** The members that are present, in the order of their names. */
  get present(): PresentMember[] {
    return [...this.#members]
      .flatMap(([name, { lease, things }]) =>
        lease ? [{ ...lease, name, things: things.size }] : [],
      )
      .sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  /** The Things of the members that are present. */
  get things(): MemberThing[] {
    return [...this.#members].flatMap(([member, { lease, things }]) =>
      [...things]
        .filter(([, description]) => lease && !this.#strangers.has(description))
        .map(([thing, description]) => ({ member, thing, description })),
    );
  }

  /** The members that went without a word, and have not come back. */
  get silent(): readonly string[] {
    return [...this.#silent].sort();
  }

  onChange(listener: (what: DirectoryEventType, id: string) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Calls `listener` when a member has come, gone or moved. @returns How to stop. */
  onMembers(listener: () => void): () => void {
    this.#memberListeners.add(listener);
    return () => void this.#memberListeners.delete(listener);
  }

  /** A member has renewed its lease. */
  renewed(name: string, text: string): void {
    if (name === this.#own) return;
    const lease = isMemberName(name) ? leaseIn(text) : undefined;
    if (!lease) this.refused.note(name, "lease", "it is none");
    const member = lease && this.#memberCalled(name);
    if (!member) return;
    const isBack = member.lease === undefined;
    const isElsewhere = member.lease?.url !== lease.url;
    this.#silent.delete(name);
    member.lease = lease;
    member.renewedAt = this.#timers.now();
    if (isElsewhere) {
      this.#tellMembers();
      for (const [thing, description] of member.things)
        if (this.descriptions.get(String(description.id)) !== description) this.#list(name, thing);
    }
    if (!isBack) return;
    this.#log.info(`'${name}' is in the fleet (${lease.url}).`);
    this.#watch();
  }

  /** A member has left. @param instance - Who says so: anybody else is not believed. */
  left(name: string, instance: string | undefined): void {
    const member = this.#members.get(name);
    if (!member?.lease) return;
    if (member.lease.instance === instance) this.#hide(name, member, "It has left the fleet.");
    else this.refused.note(name, "farewell", "it is not its own");
  }

  /** A member has written the description of a Thing. */
  described(name: string, thing: string, text: string): void {
    if (name === this.#own) return;
    const digest = createHash("sha256").update(text).digest("base64");
    const written = this.#members.get(name)?.written.get(thing);
    if (written?.digest === digest) return;
    const description = descriptionIn(text);
    if (typeof description === "string") {
      this.refused.note(name, `description of '${thing}'`, description);
      return;
    }
    const member = this.#memberCalled(name);
    if (!member) return;
    const before = member.things.get(thing);
    const size = this.#size + text.length - (written?.size ?? 0);
    if ((before === undefined && this.#count >= MOST_THINGS) || size > MOST_CHARACTERS) {
      thingsLimit.hit();
      return;
    }
    this.#size = size;
    if (before === undefined) this.#count += 1;
    else if (before.id !== description.id && member.lease) this.#unlist(before);
    member.things.set(thing, description);
    member.written.set(thing, { digest, size: text.length });
    this.#list(name, thing, before);
  }

  /** A member has a Thing no longer. */
  removed(name: string, thing: string): void {
    const member = this.#members.get(name);
    const before = member?.things.get(thing);
    if (!member || !before) return;
    this.#size -= member.written.get(thing)?.size ?? 0;
    member.things.delete(thing);
    member.written.delete(thing);
    this.#count -= 1;
    if (member.lease) this.#unlist(before);
    else if (member.things.size === 0) this.#members.delete(name);
  }

  /** Only the Things with these keys, `MEMBER.THING`, are still there. */
  retain(keys: ReadonlySet<string>): void {
    for (const [name, { things }] of this.#members)
      for (const thing of [...things.keys()])
        if (!keys.has(`${name}.${thing}`)) this.removed(name, thing);
  }

  /** While this server has no connection, nobody knows who is there: those that are listed stay. */
  pause(): void {
    this.#stopTimer();
    this.#pausedAt = this.#timers.now();
  }

  /** Members have some time to say that they are there, before they are taken for gone. */
  resume(): void {
    const time = this.#timers.now();
    for (const member of this.#members.values())
      member.renewedAt = renewedAfterPause(member.renewedAt, this.#pausedAt, time);
    this.#watch();
  }

  close(): void {
    this.#stopTimer();
  }

  #memberCalled(name: string): Member | undefined {
    const known = this.#members.get(name);
    if (known) return known;
    if (this.#members.size >= MOST_MEMBERS) {
      membersLimit.hit();
      return undefined;
    }
    const member: Member = {
      lease: undefined,
      renewedAt: this.#timers.now(),
      things: new Map(),
      written: new Map(),
    };
    this.#members.set(name, member);
    return member;
  }

  /** Of two Things with one id the one that came first is listed. @param before - What it was described as. */
  #list(name: string, thing: string, before?: EnrichedDescription): void {
    const { lease, things } = this.#members.get(name)!;
    const description = things.get(thing);
    if (!lease || !description) return;
    const stranger = strangerIn(description, lease);
    if (stranger !== undefined) {
      if (before) this.#unlist(before);
      this.#strangers.add(description);
      this.refused.note(name, `description of '${thing}'`, stranger);
      return;
    }
    this.#strangers.delete(description);
    const id = String(description.id);
    const listed = this.descriptions.get(id);
    if (listed && listed !== before) {
      this.#twins.add(id);
      this.#once.note(
        name,
        `'${name}/${thing}' has the id of a Thing of another member, ${id}, and is not listed. Give '${name}' an id of its own: another host name, or another settings folder.`,
      );
      return;
    }
    this.descriptions.set(id, description);
    this.#tell(listed ? "thing_updated" : "thing_created", id);
  }

  #unlist(description: EnrichedDescription): void {
    const id = String(description.id);
    if (this.descriptions.get(id) !== description) return;
    this.descriptions.delete(id);
    this.#tell("thing_deleted", id);
    if (!this.#twins.delete(id)) return;
    for (const { member, thing, description: twin } of this.things)
      if (twin.id === id && twin !== description && !this.descriptions.has(id))
        this.#list(member, thing);
  }

  #hide(name: string, member: Member, why: string): void {
    member.lease = undefined;
    this.#tellMembers();
    this.#log.warn(`'${name}' is not in the fleet any more: ${why}`);
    for (const description of member.things.values()) this.#unlist(description);
    if (member.things.size === 0) this.#members.delete(name);
  }

  #tellMembers(): void {
    for (const listener of this.#memberListeners) listener();
  }

  #tell(what: DirectoryEventType, id: string): void {
    for (const listener of this.#listeners) listener(what, id);
  }

  /** Looks for leases that have ended when the next one may have. */
  #watch(): void {
    this.#stopTimer();
    const time = this.#timers.now();
    const ends = [...this.#members.values()].flatMap(({ lease, renewedAt }) =>
      lease ? [renewedAt + GONE_MS] : [],
    );
    if (ends.length === 0) return;
    const wait = Math.max(0, Math.min(...ends) - time);
    this.#stopTimer = this.#timers.after(wait, () => this.#expire(), true);
  }

  #expire(): void {
    const time = this.#timers.now();
    for (const [name, member] of this.#members) {
      if (!member.lease || member.renewedAt + GONE_MS > time) continue;
      if (this.#silent.size < MOST_MEMBERS) this.#silent.add(name);
      this.#hide(name, member, `nothing was heard of it for ${GONE_MS / 1000} s.`);
    }
    this.#watch();
  }
}
