import type { ReactiveController, ReactiveControllerHost } from "lit";
import { delay } from "../../src/base/abort.ts";
import type { ThingClient } from "../../src/client/thing-client.ts";
import { account } from "./account.ts";
import { type Happened, KeptEvents } from "./kept-events.ts";
import { accessOf } from "./property-access.ts";
import { isSame } from "./same-value.ts";
import { affordancesOf, type JsonObject, typesOf } from "./td.ts";
import { whyUnreachable } from "./unreachable.ts";

/** What is known of one property. */
export interface KnownValue {
  readonly value?: unknown;
  /** Why it cannot be read, in the server's sentence. */
  readonly problem?: string;
  /** When that was told, ms of `performance.now()`. */
  readonly at: number;
}

/** Where no directory tells of it, how often a description is fetched again, ms. */
const DESCRIPTION_MS = 30_000;

/** What `change` tells of where an event has happened, and nothing else is another. */
const HAPPENED = Symbol("an event has happened");

/**
 * One Thing as a page knows it: its description, its values as they change, its events. While something follows it, there is one
 * connection, whatever the number of elements that show it. It dispatches `change` when any of that is another, of events five
 * times a second at most, and `happened` at each event.
 */
export class LiveThing extends EventTarget {
  /** Of the Thing Description. */
  readonly url: string;
  readonly values = new Map<string, KnownValue>();
  /** Whether the values are kept up to date. */
  isConnected = false;
  /** Why there is no description, as long as that is so. */
  problem: string | undefined;
  #client: ThingClient | undefined;
  /** Where another gave it, until there is a client. */
  #td: JsonObject = {};
  #knownTd: JsonObject = {};
  /** Whether another tells when the description has changed. */
  #isTold = false;
  readonly #events = new KeptEvents(() => this.#changed(HAPPENED));
  #followers = 0;
  #end = new AbortController();

  constructor(url: string) {
    super();
    this.url = new URL(url, document.baseURI).href;
  }

  /** A Thing of which the description is there already; whoever gave it says when there is another (`refresh`). */
  static described(td: JsonObject, url: string): LiveThing {
    const thing = thingAt(url);
    thing.#isTold = true;
    thing.#td = td;
    void thing.#haveClient().catch(() => {}); // the page says that not all of it has come
    return thing;
  }

  /** Whether it is of a kind, by its `@type`: `Camera`, `Stage`. */
  is(type: string): boolean {
    return typesOf(this.td).includes(type);
  }

  /** Newest last. */
  get events(): readonly Happened[] {
    return this.#events.list;
  }

  /** Undefined until the description has come, and the client itself. */
  get client(): ThingClient | undefined {
    return this.#client;
  }

  get td(): JsonObject {
    return this.#client?.td ?? this.#td;
  }

  /** Begins to follow the Thing; the connection ends when all that follow it have ended. */
  follow(): () => void {
    this.#followers += 1;
    if (this.#followers === 1) void this.#run();
    return () => {
      this.#followers -= 1;
      if (this.#followers > 0) return;
      this.#end.abort();
      this.isConnected = false; // nobody is told of what changes from here on
    };
  }

  /** Connects now, if it waits to: its server is back. */
  reconnect(): void {
    if (this.#followers === 0 || this.isConnected) return;
    this.#end.abort();
    void this.#run();
  }

  /**
   * Writes a property; `values` then has what the Thing made of it.
   * @throws {ClientError} with the server's sentence.
   */
  async write(name: string, value: unknown, signal?: AbortSignal): Promise<void> {
    const { client } = this;
    if (!client) throw new Error(this.problem ?? "The Thing has not answered yet.");
    const before = this.values.get(name)?.at;
    const options = signal && { signal };
    await client.write(name, value, options);
    const isTold = this.values.get(name)?.at !== before;
    if (isTold || !accessOf(affordancesOf(this.td).properties.get(name) ?? {}).isReadable) return;
    // Whoever takes another value than was wanted, or the one that was there, may tell nobody.
    const taken = await client.read(name, options).catch(() => value);
    this.#know(name, { value: taken, at: performance.now() });
  }

  /** Fetches the description again. @returns Whether it is another one. @throws {ClientError} */
  async refresh(): Promise<boolean> {
    const isOther = await (await this.#haveClient()).refresh();
    if (isOther) this.#changed();
    return isOther;
  }

  async #run(): Promise<void> {
    this.#end = new AbortController();
    const { signal } = this.#end;
    let isDescriptionFollowed = this.#isTold;
    while (!signal.aborted) {
      try {
        const client = await this.#haveClient(signal);
        this.problem = undefined;
        this.#changed();
        if (!isDescriptionFollowed) void this.#followDescription(signal);
        isDescriptionFollowed = true;
        await client.follow(
          {
            onProperty: (name, value) => this.#know(name, { value, at: performance.now() }),
            onPropertyProblem: (name, problem) =>
              this.#know(name, { ...this.values.get(name), problem, at: performance.now() }),
            onEvent: (name, data) => this.#happened({ name, data, at: Date.now() }),
            onEventProblem: (name, problem) =>
              this.#happened({ name, data: undefined, problem, at: Date.now() }),
            onConnected: (isConnected, reason) => {
              this.isConnected = isConnected;
              this.problem = isConnected ? undefined : reason;
              this.#changed();
            },
          },
          signal,
        );
      } catch (error) {
        if (signal.aborted) return;
        const why = await whyNot(error, this.url);
        if (signal.aborted) return;
        this.problem = why;
        this.#changed();
        await new Promise((resolve) => setTimeout(resolve, 2000));
      }
    }
  }

  /** No picture needs a client: its modules come behind those that do. */
  async #haveClient(signal?: AbortSignal): Promise<ThingClient> {
    const { ThingClient: Client } = await import("../../src/client/thing-client.ts");
    const isNew = this.#client === undefined;
    this.#client ??= this.#isTold
      ? Client.of(this.#td, this.url)
      : await Client.connect(this.url, signal && { signal });
    if (isNew) this.#changed();
    return this.#client;
  }

  /** Limits move and affordances come and go: the directory tells. */
  async #followDescription(signal: AbortSignal): Promise<void> {
    try {
      for await (const _ of this.#client?.changes(signal) ?? []) this.#changed();
    } catch {
      // a server without a directory
    }
    while (!signal.aborted) {
      await delay(DESCRIPTION_MS, signal).catch(() => {});
      if (!signal.aborted && !document.hidden) await this.refresh().catch(() => {}); // those who follow say why
    }
  }

  #know(name: string, known: KnownValue): void {
    if (!affordancesOf(this.td).properties.has(name)) return;
    const { value, problem } = this.values.get(name) ?? {};
    const isNews =
      !this.values.has(name) || problem !== known.problem || !isSame(value, known.value);
    this.values.set(name, known);
    if (isNews) this.#changed(name);
  }

  /** What is known of a property that is gone goes with it. */
  #forgetOthers(): void {
    if (this.td === this.#knownTd) return;
    this.#knownTd = this.td;
    const { properties, events } = affordancesOf(this.td);
    for (const name of this.values.keys()) if (!properties.has(name)) this.values.delete(name);
    this.#events.forgetOthers(events);
  }

  #happened(event: Happened): void {
    if (!Object.hasOwn(Object(this.td.events), event.name)) return;
    this.#events.add(event);
    this.dispatchEvent(new Event("happened"));
  }

  /** @param what - The property whose value is another, where that is all, or `HAPPENED`. */
  #changed(what?: string | symbol): void {
    this.#forgetOthers();
    this.dispatchEvent(new CustomEvent("change", { detail: what }));
  }
}

async function whyNot(error: unknown, url: string): Promise<string> {
  if (Object(error).code === "UNREACHABLE") return whyUnreachable(url);
  return error instanceof Error ? error.message : String(error);
}

const known = new Map<string, LiveThing>();

/** The Thing at a URL: one for all elements of the page. */
export function thingAt(url: string): LiveThing {
  const { href } = new URL(url, document.baseURI);
  const found = known.get(href) ?? new LiveThing(href);
  known.set(href, found);
  return found;
}

/** A Thing that has gone: another that comes at its URL is another. */
export function forgetThing({ url }: LiveThing): void {
  known.delete(url);
}

/** Keeps an element up to date with a Thing: it is rendered again, once a frame at most, while it is in the page. */
export class Following implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #thing: LiveThing | undefined;
  #leave = () => {};
  readonly #concerns: (what: string | symbol) => boolean;
  readonly #update = (event?: Event) => {
    const { detail: what } = Object(event);
    const isAll = typeof what !== "string" && typeof what !== "symbol";
    if (isAll || this.#concerns(what)) this.#host.requestUpdate();
  };

  /** @param concerns - Whether the host shows the value of a property; without it that of each, and events. */
  constructor(
    host: ReactiveControllerHost,
    concerns: (what: string | symbol) => boolean = () => true,
  ) {
    this.#host = host;
    this.#concerns = concerns;
    host.addController(this);
  }

  get thing(): LiveThing | undefined {
    return this.#thing;
  }

  /** The Thing that is followed from now on. */
  set thing(thing: LiveThing | undefined) {
    if (thing === this.#thing) return;
    this.hostDisconnected();
    this.#thing = thing;
    this.hostConnected();
  }

  hostConnected(): void {
    const thing = this.#thing;
    if (!thing) return;
    const end = thing.follow();
    thing.addEventListener("change", this.#update);
    account.addEventListener("change", this.#update); // what may be changed
    this.#leave = () => {
      end();
      account.removeEventListener("change", this.#update);
      thing.removeEventListener("change", this.#update);
    };
    this.#update();
  }

  hostDisconnected(): void {
    this.#leave();
    this.#leave = () => {};
  }
}
