import type { ReactiveController, ReactiveControllerHost } from "lit";
import { account } from "./account.ts";
import { Directory } from "./directory.ts";
import { fetchJson, isLate, isUnreachable } from "./fetch-json.ts";
import { Fleet, fleetIn } from "./fleet.ts";
import { type Health, healthIn, type ThingHealth } from "./health.ts";
import { type Lamp, lampOf, lampOfAll } from "./lamp.ts";
import { forgetThing, LiveThing } from "./live-thing.ts";
import { streamsOf, titleOf } from "./td.ts";

/** One stream of a Thing of the server. */
export interface Stream {
  /** Thing and stream: `camera/live`. */
  readonly path: string;
  readonly thing: string;
  readonly name: string;
  readonly url: string;
  /** What it is called where it stands beside others. */
  readonly title: string;
  /** Page of the server where somebody has to log in to see it. */
  readonly login?: string | undefined;
  /** Whether it is a smaller form of another stream of the Thing: `lores_live` beside `live`. */
  readonly isSmaller: boolean;
}

const HEALTH_MS = 2000;
/** While it does not answer. */
const RETRY_MS = 700;
const REFUSALS = 4;
/** A page whose pause took so long has slept: its connections may be dead without a word. */
const ASLEEP_MS = 10_000;

/**
 * The server that gave this page: its Things, and how they do. It asks for the descriptions once and is told of changes by the
 * directory, over one connection; how all do is one request each two seconds. Nothing is asked while the page is hidden. It
 * dispatches `change` when any of that is another, and `back` when the server answers again.
 */
export class Server extends EventTarget {
  readonly things = new Map<string, LiveThing>();
  /** The other servers of its fleet. */
  readonly fleet = new Fleet();
  /** Why the server cannot be asked, as long as that is so. */
  problem: string | undefined;
  /** Whether its Things have been read, once at least. */
  isKnown = false;
  #health: Health = { things: {}, reasons: [] };
  #isStarted = false;
  #isCurrent = false;
  #isFleetCurrent = true;
  #failures = 0;
  /** When it paused last. */
  #pausedAt = Date.now();
  #wake: () => void = () => {};
  readonly #directory = new Directory({
    onThings: () => this.#look(),
    onDescription: (id) => void this.#refresh(id),
    onLost: () => this.#look(),
  });

  get health(): Readonly<Record<string, ThingHealth>> {
    return this.#health.things;
  }

  /** All streams, in the order of the Things. */
  get streams(): readonly Stream[] {
    const others = [...this.fleet.things].flatMap(([thing, { live, title, member }]) => {
      const login = member.login ? member.url : undefined;
      return streamsOfThing(thing, live, title).map((stream) => ({ ...stream, login }));
    });
    const own = [...this.things].flatMap(([thing, live]) =>
      streamsOfThing(thing, live, titleOf(thing, {})),
    );
    return [...own, ...others];
  }

  /** The streams that are shown side by side: of each picture the largest form. */
  get cameras(): readonly Stream[] {
    return this.streams.filter(({ isSmaller }) => !isSmaller);
  }

  /** All Things: the server's own first. */
  get all(): ReadonlyMap<string, LiveThing> {
    const others = [...this.fleet.things].map(([name, { live }]) => [name, live] as const);
    return new Map([...this.things, ...others]);
  }

  /** The first Thing of a kind, by `@type`. */
  first(type: string): LiveThing | undefined {
    return [...this.things.values()].find((thing) => thing.is(type));
  }

  /** How a Thing does. */
  lampOf(name: string): Lamp {
    if (this.problem !== undefined)
      return { state: "failed", word: "Unknown", reason: this.problem };
    return this.fleet.lampOf(name) ?? lampOf(this.health[name]);
  }

  /** How the whole does. */
  get lamp(): Lamp {
    if (this.problem !== undefined)
      return { state: "failed", word: "Server gone", reason: this.problem };
    if (!this.isKnown) return { state: "starting", word: "Connecting" };
    const lamps = [...this.things.keys()].map((name) => [name, this.lampOf(name)] as const);
    return lampOfAll(lamps, this.#health.reasons);
  }

  /** Has a Thing that failed opened again, or its source tried again. @throws {Error} with the server's sentence. */
  async retry(name: string): Promise<void> {
    const post = (url: string) => fetchJson(url, { method: "POST", timeoutMs: 30_000 });
    const { state } = Object(await post(`things/${encodeURIComponent(name)}/open`));
    const failed = this.streams.filter(
      ({ thing, name: own }) => thing === name && this.health[name]?.streams?.[own]?.reason,
    );
    // A Thing that is open may have a source that fails.
    if (state === "open") await Promise.all(failed.map(({ url }) => post(`${url}/retry`)));
    this.#wake();
  }

  start(): void {
    if (this.#isStarted) return;
    this.#isStarted = true;
    addEventListener("online", () => this.#look());
    addEventListener("pageshow", ({ persisted }) => persisted && this.#look());
    document.addEventListener("visibilitychange", () => {
      if (document.hidden) this.#directory.close();
      else this.#look();
    });
    void this.#run();
  }

  /** Reads the Things again, at once. */
  #look(): void {
    this.#isCurrent = false;
    this.#isFleetCurrent = false;
    this.#wake();
  }

  async #run(): Promise<never> {
    for (;;) {
      if (!document.hidden) await this.#ask();
      const woken = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      const isWell = this.#failures === 0;
      this.#pausedAt = Date.now();
      if (this.#isCurrent || !isWell || document.hidden)
        await Promise.race([woken, pause(isWell ? HEALTH_MS : RETRY_MS)]);
    }
  }

  async #ask(): Promise<void> {
    if (Date.now() - this.#pausedAt > ASLEEP_MS) {
      this.#directory.close();
      this.#isCurrent = false;
    }
    try {
      const isFirst = !this.isKnown && this.#failures === 0;
      const reading = isFirst ? this.#readThings() : undefined; // a picture waits for it
      reading?.catch(() => {}); // told below
      const answer = await fetchJson(document.body.dataset.health ?? "health");
      const health = healthIn(answer);
      if (!health)
        this.#isCurrent = false; // the login has expired: reading the Things says so
      else this.#health = health;
      if (this.fleet.hear(fleetIn(answer))) this.#isFleetCurrent = false;
      if (reading) await reading;
      else if (!this.#isCurrent) await this.#readThings();
      if (!this.#isFleetCurrent) await this.#readFleet();
      const wasLost = this.problem !== undefined;
      this.problem = undefined;
      this.#failures = 0;
      if (wasLost) this.#isBack();
    } catch (error) {
      this.#lost(error);
    }
    this.#changed();
  }

  async #readThings(): Promise<void> {
    this.#isCurrent = true; // what changes meanwhile is read again
    this.#directory.open();
    void account.again();
    const answer = await fetchJson("thing_descriptions/").catch((error) => {
      this.#isCurrent = false;
      throw error;
    });
    const descriptions = Object.entries(answer);
    const names = new Set(descriptions.map(([name]) => name));
    for (const [name, thing] of this.things) {
      if (names.has(name)) continue;
      this.things.delete(name);
      forgetThing(thing);
    }
    for (const [name, td] of descriptions) {
      const url = new URL(`${encodeURIComponent(name)}/`, document.baseURI).href;
      const known = this.things.get(name);
      if (!known) this.things.set(name, LiveThing.described(Object(td), url));
      else if (JSON.stringify(known.td) !== JSON.stringify(td)) await known.refresh();
    }
    this.isKnown = true;
  }

  async #readFleet(): Promise<void> {
    this.#isFleetCurrent = true; // what changes meanwhile is read again
    await this.fleet.read().catch((error) => {
      this.#isFleetCurrent = false;
      throw error;
    });
  }

  async #refresh(id: string): Promise<void> {
    const own = [...this.things.values()].find(({ td }) => td.id === id);
    const thing = own ?? this.fleet.withId(id);
    if (!thing) this.#look();
    else if (await thing.refresh().catch(() => false)) this.#changed();
    this.#wake(); // how it does is another, too
  }

  #isBack(): void {
    for (const thing of this.things.values()) thing.reconnect();
    this.dispatchEvent(new Event("back"));
  }

  /** While Things are exchanged the server refuses for a moment: that is asked again before it is told. */
  #lost(error: unknown): void {
    this.#failures += 1;
    if (isLate(error) && this.#failures === 1) return; // the page itself may have been busy
    this.#isCurrent = false;
    if (!isUnreachable(error) && this.#failures < REFUSALS) return;
    this.#directory.close();
    this.problem = isUnreachable(error)
      ? "The server does not answer. Trying again."
      : String(Object(error).message);
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

export const server = new Server();

function streamsOfThing(thing: string, { td, url }: LiveThing, title: string): Stream[] {
  const urls = streamsOf(td, url);
  const names = urls.map((href) => decodeURIComponent(new URL(href).pathname.split("/").at(-1)!));
  return urls.map((href, n) => {
    const name = names[n]!;
    const isSmaller = names.some((other) => name === `lores_${other}`);
    return { path: `${thing}/${name}`, thing, name, url: href, title, isSmaller };
  });
}

/** Renders an element again when the server, or what is given beside it, says `change`. */
export class Watching implements ReactiveController {
  readonly #watched: readonly EventTarget[];
  readonly #update: () => void;

  constructor(host: ReactiveControllerHost, ...watched: readonly EventTarget[]) {
    this.#watched = watched;
    this.#update = () => host.requestUpdate();
    host.addController(this);
  }

  hostConnected(): void {
    for (const target of this.#watched) target.addEventListener("change", this.#update);
  }

  hostDisconnected(): void {
    for (const target of this.#watched) target.removeEventListener("change", this.#update);
  }
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
