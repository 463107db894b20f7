import { delay, ignoreAbort, isAbort } from "../../base/abort.ts";
import { now } from "../../base/clock.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { type Linking, ThingLink } from "./thing-link.ts";

/** Topics of Things that are not there that are looked at together. */
const MOST_STRANGE = 1000;
/** Everything is told again no more often, ms. */
const BEGIN_MS = 1000;

/** All Things of a server at the broker, as they come and go. */
export class Links {
  readonly #linking: Linking;
  readonly #links = new Map<HostedThing, ThingLink>();
  /** Those that have left, whose name another has. */
  readonly #left = new Map<string, ThingLink>();
  /** Topics that the broker keeps of Things that are not there. */
  readonly #strange = new Set<string>();
  #telling: Promise<unknown> = Promise.resolve();
  #begunAt = Number.NEGATIVE_INFINITY;
  #later: Promise<void> | undefined;

  constructor(linking: Linking) {
    this.#linking = linking;
  }

  /** Links those that there are, and those to come, until the returned function is called. They tell nothing before `begin`. */
  follow(signal: AbortSignal): () => void {
    const { host } = this.#linking.server;
    const linkNew = () => {
      for (const hosted of host.things.values())
        if (!this.#links.has(hosted)) this.#link(hosted, signal);
    };
    linkNew();
    return host.onState((hosted) => {
      linkNew();
      const one = this.#links.get(hosted);
      if (!this.hasBegun || !one) return;
      one.tellStatus();
      if (hosted.state === "open") void this.#quietly(one.refresh());
    });
  }

  /** Whether anything was told. */
  get hasBegun(): boolean {
    return this.#begunAt > 0;
  }

  /** Tells everything, also again, as to who has just come. */
  begin(): void {
    const { outbox, topics, signal } = this.#linking;
    if (now() - this.#begunAt < BEGIN_MS) {
      this.#later ??= delay(BEGIN_MS, signal)
        .finally(() => {
          this.#later = undefined;
        })
        .then(() => this.begin(), ignoreAbort);
      return;
    }
    this.#begunAt = now();
    outbox.forget();
    outbox.set(topics.status, "online");
    this.#telling = Promise.all([...this.#links.values()].map((one) => one.tellAll()));
  }

  /** Resolves when the broker has what was told last. */
  async told(): Promise<void> {
    await this.#telling;
    await this.#linking.outbox.flush();
  }

  /** Reads what was written. */
  async reread(thing: string, name: string): Promise<void> {
    await this.#quietly(this.#linkOf(thing)?.tellProperty(name));
  }

  /** What the broker keeps: of Things that are gone it is removed a moment later. */
  found(topic: string, message: string): void {
    if (this.#linking.topics.isOthers(topic, message)) return;
    const owner = this.#owner(topic);
    if (owner) owner.keeps(topic, message);
    else this.#keep(topic);
  }

  /** Reads again and again what does not announce itself, until `signal` aborts. */
  async refreshed(everyMs: number, signal: AbortSignal): Promise<void> {
    for (;;) {
      await delay(everyMs, signal);
      this.#clear();
      // One that does not answer delays no other.
      for (const one of this.#links.values()) void this.#quietly(one.refresh());
    }
  }

  #link(hosted: HostedThing, signal: AbortSignal): void {
    const { name } = hosted;
    const one = new ThingLink(hosted, this.#linking);
    const before = this.#left.get(name);
    if (before) one.replace(before);
    this.#left.delete(name);
    this.#links.set(hosted, one);
    const gone = new AbortController();
    hosted.departure.onLeft(() => {
      gone.abort();
      this.#links.delete(hosted);
      if (this.#linking.server.host.things.has(name)) this.#left.set(name, one);
      else one.remove();
    });
    void one.run(AbortSignal.any([signal, gone.signal]));
    if (this.hasBegun) void one.tellAll();
  }

  #linkOf(thing: string): ThingLink | undefined {
    const hosted = this.#linking.server.host.things.get(thing);
    return hosted && this.#links.get(hosted);
  }

  /** Of a retained topic. */
  #owner(topic: string): ThingLink | undefined {
    return this.#linkOf(this.#linking.topics.thingIn(topic));
  }

  #keep(topic: string): void {
    if (this.#strange.size < MOST_STRANGE) this.#strange.add(topic);
  }

  /** Not at once: another server may use these topics, and say so. */
  #clear(): void {
    for (const topic of this.#strange) if (!this.#owner(topic)) this.#linking.outbox.clear(topic);
    this.#strange.clear();
  }

  async #quietly(work: Promise<void> | undefined): Promise<void> {
    try {
      await work;
    } catch (error) {
      if (!isAbort(error)) this.#linking.log.debug(String(error));
    }
  }
}
