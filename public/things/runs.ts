import type { ReactiveController, ReactiveControllerHost } from "lit";
import { ClientError } from "../../src/client/client-error.ts";
import type { LiveThing } from "./live-thing.ts";
import { Run } from "./run.ts";
import { sentenceOf } from "./sentence-of.ts";
import { affordancesOf } from "./td.ts";

/** Of one Thing. */
const MOST_RUNS = 50;
/** What others begin is seen that late, ms. */
const LIST_MS = 15_000;
/** Longest wait for the list of who wants it now, ms. */
const LOOK_MS = 5000;

/**
 * The runs of a Thing's actions: those that this page begins, and those that the server lists, whoever began them; so a page that is
 * loaded again goes on with what runs. It dispatches `change` when there are others, or one has changed.
 */
export class Runs extends EventTarget {
  /** Newest first; of those that are over, the last ones. */
  list: readonly Run[] = [];
  /** Whether the server has, or had, more than these. */
  isCut = false;
  /** Why the server's list is not there, as long as that is so. */
  problem: string | undefined;
  readonly #thing: LiveThing;
  #followers = 0;
  #end = new AbortController();

  constructor(thing: LiveThing) {
    super();
    this.#thing = thing;
  }

  /** The runs of one action, newest first. */
  of(action: string): readonly Run[] {
    return this.list.filter((run) => run.action === action);
  }

  /** Begins an action. What becomes of it, refusals too, is told by the run. */
  start(action: string, input?: unknown, uriVariables?: Readonly<Record<string, unknown>>): Run {
    const run = Run.begun(action, input, async (signal) => {
      const { client } = this.#thing;
      if (!client) throw new Error(this.#thing.problem ?? "The Thing has not answered yet.");
      return client.actions[action]!.start(input, {
        signal,
        ...(uriVariables && { uriVariables }),
      });
    });
    this.#watch(run);
    this.#put([run, ...this.list]);
    run.addEventListener("change", () => this.#onlyOnce(run));
    return run;
  }

  /** Begins to list what the server knows; ends when all that follow have ended. */
  follow(): () => void {
    this.#followers += 1;
    if (this.#followers === 1) void this.#follow();
    return () => {
      this.#followers -= 1;
      if (this.#followers === 0) this.#end.abort();
    };
  }

  /** Lists now what the server knows. */
  async look(): Promise<void> {
    await this.#read(AbortSignal.timeout(LOOK_MS)).catch((error) => {
      if (!isUnsupported(error)) throw error;
    });
  }

  async #follow(): Promise<void> {
    this.#end = new AbortController();
    const { signal } = this.#end;
    while (!signal.aborted) {
      try {
        if (!document.hidden && (await this.#read(signal)) === "never") return;
        this.problem = undefined;
      } catch (error) {
        if (signal.aborted || isUnsupported(error)) return;
        this.problem = sentenceOf(error);
        this.dispatchEvent(new Event("change"));
      }
      await this.#nextReason(signal);
    }
  }

  async #read(signal: AbortSignal): Promise<"never" | undefined> {
    const { client, td } = this.#thing;
    if (!client) return undefined;
    if (affordancesOf(td).actions.size === 0) return "never";
    const listed = await client.invocations({ signal });
    const over = listed.filter(({ finished }) => finished);
    if (over.length > MOST_RUNS) this.isCut = true;
    const older = new Set(over.slice(MOST_RUNS));
    const known = new Map(this.list.map((run) => [run.href, run]));
    const others: Run[] = [];
    for (const invocation of listed.filter((it) => !older.has(it))) {
      const run = known.get(invocation.href);
      if (!run) others.push(Run.found(invocation));
      else if (run.status === "lost") run.attach(invocation);
    }
    for (const run of others) this.#watch(run);
    if (others.length > 0) this.#put([...others, ...this.list]);
    return undefined;
  }

  /** Time has passed, the page is shown again, or the Thing's connection has come back. */
  async #nextReason(signal: AbortSignal): Promise<void> {
    const thing = this.#thing;
    const wasConnected = thing.isConnected;
    const cleaning = new AbortController();
    const until = AbortSignal.any([signal, cleaning.signal]);
    await new Promise<void>((resolve) => {
      const done = () => resolve();
      const timer = setTimeout(done, LIST_MS);
      until.addEventListener("abort", () => clearTimeout(timer));
      signal.addEventListener("abort", done, { signal: until });
      document.addEventListener("visibilitychange", done, { signal: until });
      const changed = () => thing.isConnected && !wasConnected && done();
      thing.addEventListener("change", changed, { signal: until });
    });
    cleaning.abort();
  }

  #watch(run: Run): void {
    run.addEventListener("change", () => this.dispatchEvent(new Event("change")));
  }

  /** The list may have had a run before the answer to its request came. */
  #onlyOnce(run: Run): void {
    const others = this.list.filter((it) => it !== run && it.href !== undefined);
    const double = others.find(({ href }) => href === run.href);
    if (double) this.#put(this.list.filter((it) => it !== double));
  }

  #put(list: readonly Run[]): void {
    const newestFirst = [...list].sort(byTime);
    const over = newestFirst.filter(({ isOver }) => isOver);
    const dropped = new Set(over.slice(MOST_RUNS));
    this.list = newestFirst.filter((run) => !dropped.has(run));
    if (dropped.size > 0) this.isCut = true;
    this.dispatchEvent(new Event("change"));
  }
}

/** The newest first: what the server has not answered yet is newer than all that it lists. */
function byTime({ time: one = Number.MAX_VALUE }: Run, { time: other = Number.MAX_VALUE }: Run) {
  return other - one;
}

function isUnsupported(error: unknown): boolean {
  return error instanceof ClientError && error.code === "UNSUPPORTED";
}

const known = new WeakMap<LiveThing, Runs>();

/** The runs of a Thing: one list for all elements of the page. */
export function runsOf(thing: LiveThing): Runs {
  const found = known.get(thing) ?? new Runs(thing);
  known.set(thing, found);
  return found;
}

/** Keeps an element up to date with the runs of a Thing while it is in the page. */
export class FollowingRuns implements ReactiveController {
  readonly #host: ReactiveControllerHost;
  #runs: Runs | undefined;
  #leave = () => {};
  readonly #update = () => this.#host.requestUpdate();

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  /** Those that are followed. */
  get runs(): Runs | undefined {
    return this.#runs;
  }

  set thing(thing: LiveThing | undefined) {
    const runs = thing && runsOf(thing);
    if (runs === this.#runs) return;
    this.hostDisconnected();
    this.#runs = runs;
    this.hostConnected();
  }

  hostConnected(): void {
    const runs = this.#runs;
    if (!runs) return;
    const end = runs.follow();
    runs.addEventListener("change", this.#update);
    this.#leave = () => {
      end();
      runs.removeEventListener("change", this.#update);
    };
    this.#update();
  }

  hostDisconnected(): void {
    this.#leave();
    this.#leave = () => {};
  }
}
