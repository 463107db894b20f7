import { LiveThing } from "./live-thing.ts";
import { streamsOf } from "./td.ts";

/** How a Thing does, of `/health`. */
export interface ThingHealth {
  readonly state: string;
  readonly reason?: string;
  readonly streams?: Readonly<Record<string, StreamHealth>>;
}

export interface StreamHealth {
  readonly state: string;
  readonly reason?: string;
  readonly rate: number;
  readonly age: number | null;
}

/** One stream of a Thing of the server. */
export interface Stream {
  /** Thing and stream: `camera/live`. */
  readonly path: string;
  readonly thing: string;
  readonly name: string;
  readonly url: string;
}

const HEALTH_MS = 2000;

/** The server that gave this page: its Things, and how they do. It dispatches `change` when any of that is another. */
export class Server extends EventTarget {
  readonly things = new Map<string, LiveThing>();
  health: Readonly<Record<string, ThingHealth>> = {};
  /** Why the server cannot be asked, as long as that is so. */
  problem: string | undefined;

  /** All streams, in the order of the Things. */
  get streams(): readonly Stream[] {
    return [...this.things].flatMap(([thing, { td, url }]) =>
      streamsOf(td, url).map((href) => {
        const name = decodeURIComponent(new URL(href).pathname.split("/").at(-1) ?? "");
        return { path: `${thing}/${name}`, thing, name, url: href };
      }),
    );
  }

  /** The first Thing of a kind, by `@type`. */
  first(type: string): LiveThing | undefined {
    return [...this.things.values()].find((thing) => thing.is(type));
  }

  async start(): Promise<void> {
    for (;;) {
      try {
        await this.#readThings();
        break;
      } catch (error) {
        this.#lost(error);
        await pause(HEALTH_MS);
      }
    }
    void this.#followHealth();
  }

  async #readThings(): Promise<void> {
    const descriptions = Object.entries(await fetchJson("thing_descriptions/"));
    for (const [name, td] of descriptions) {
      const url = new URL(`${encodeURIComponent(name)}/`, document.baseURI).href;
      if (!this.things.has(name)) this.things.set(name, LiveThing.described(Object(td), url));
    }
    this.#changed();
  }

  async #followHealth(): Promise<void> {
    const url = document.body.dataset.health ?? "health";
    for (;;) {
      try {
        const { things } = await fetchJson(url);
        this.health = Object(things);
        this.problem = undefined;
        this.#changed();
      } catch (error) {
        this.#lost(error);
      }
      await pause(HEALTH_MS);
      while (document.hidden) await pause(HEALTH_MS);
    }
  }

  #lost(error: unknown): void {
    const isGone = error instanceof TypeError || Object(error).name === "TimeoutError";
    this.problem = isGone ? "The server does not answer. Trying again" : Object(error).message;
    this.#changed();
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}

export const server = new Server();

async function fetchJson(url: string): Promise<Record<string, unknown>> {
  const response = await fetch(url, { signal: AbortSignal.timeout(8000) });
  if (response.status === 401) location.reload(); // shows where to log in
  const body = await response.json();
  if (!response.ok && response.status !== 503) throw new Error(body.detail);
  return body;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
