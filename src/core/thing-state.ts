import { within } from "../base/abort.ts";
import { now } from "../base/clock.ts";
import { asSentence, ThingError } from "../base/errors.ts";

/** From `closed` over `opening` to `open`, and back over `closing`; `failed` and `disconnected` have a reason. */
export const THING_STATES = [
  "closed",
  "opening",
  "open",
  "closing",
  "failed",
  "disconnected",
] as const;
export type ThingState = (typeof THING_STATES)[number];

/** How a Thing is. */
export interface Stateful {
  readonly name: string;
  readonly state: ThingState;
  /** Why it could not open, or is disconnected. */
  readonly reason: string | undefined;
  /** Since when it has been in this state, on the clock of `now()`. */
  readonly since: number;
  /** Ends when the present attempt to open it does. */
  readonly opening: Promise<void>;
}

/** How far the life of one Thing has come. */
export class LifeState {
  /** Ends when the present attempt to open it does. */
  opening: Promise<void> = Promise.resolve();
  /** How often it became disconnected. */
  disconnections = 0;
  #state: ThingState = "closed";
  #reason: string | undefined;
  #since = now();
  /** What is wrong though it is open, a sentence: it says so itself, and that is over when it closes. */
  trouble: string | undefined;

  get state(): ThingState {
    return this.#state;
  }

  /** Why it could not open, or is disconnected. */
  get reason(): string | undefined {
    return this.#reason;
  }

  /** Since when it has been in this state. */
  get since(): number {
    return this.#since;
  }

  /** When it is opened again, while it is disconnected. */
  get nextTryAt(): number | undefined {
    return this.#state === "disconnected" ? this.nextTry() : undefined;
  }

  /** Set by who opens it again. */
  nextTry: () => number | undefined = () => undefined;

  become(state: ThingState, reason?: string): void {
    if (state !== this.#state) this.#since = now();
    this.#state = state;
    this.#reason = reason;
    if (state !== "open") this.trouble = undefined;
  }
}

/** How long a request waits for a Thing that is opening, ms. */
const OPENING_WAIT_MS = 5000;

/** Waits while a Thing opens, 5 s at most. */
export async function whileOpening({ state, opening }: Stateful): Promise<void> {
  if (state !== "opening") return;
  const late = () => new ThingError("NOT_READY", "It still opens.");
  await within(opening, OPENING_WAIT_MS, late).catch(() => {}); // its state tells
}

/** The error for what a Thing cannot do as it is; none when it is open. */
export function notReady(thing: Stateful, what: string): ThingError | undefined {
  if (thing.state === "open") return undefined;
  return new ThingError("NOT_READY", `Thing '${thing.name}' cannot ${what}: ${whyNot(thing)}`);
}

function whyNot({ state, reason }: Stateful): string {
  if (state === "failed" && reason)
    return `it could not open: ${asSentence(reason)} When that is fixed, open it again.`;
  if (state === "disconnected")
    return `it is disconnected: ${asSentence(reason ?? "it gave no reason")} It is reopened automatically, after a pause.`;
  return state === "opening" ? "it is opening. Try again in a moment." : `it is ${state}.`;
}
