import { isDeepStrictEqual } from "node:util";
import { ThingError } from "../base/errors.ts";
import { countedLimit } from "../base/limit-hits.ts";
import type { InvocationRecord } from "./invocation.ts";

/** How many invocations may run, or wait to, at once. */
export interface RunningLimits {
  /** In all: 200. */
  readonly maxRunning?: number | undefined;
  /** Of one Thing: 100. */
  readonly maxRunningPerThing?: number | undefined;
}

/** So many of each Thing run whatever the others do. */
const GUARANTEED = 4;
/** So many of one action that releases run beside all others. */
const RELEASING = 8;
/** Inputs of the invocations of one Thing that run, together; a first is taken whatever its size. */
const INPUT_BYTES = 32 * 2 ** 20;

const refused = countedLimit("running_invocations");
const joined = countedLimit("releasing_invocations");

/** The invocations that have not ended. Each Thing has places of its own, and what releases needs none. */
export class RunningInvocations {
  readonly #maxRunning: number;
  readonly #maxPerThing: number;
  readonly #byThing = new Map<string, Set<InvocationRecord>>();
  #running = 0;

  constructor({ maxRunning = 200, maxRunningPerThing = 100 }: RunningLimits = {}) {
    this.#maxRunning = maxRunning;
    this.#maxPerThing = maxRunningPerThing;
  }

  /**
   * Beyond its bound, what releases is no new run but the one that releases the same already: it is never refused.
   * @throws {ThingError} `TOO_MANY_INVOCATIONS` when as many run as may.
   */
  place(wanted: InvocationRecord): InvocationRecord {
    const ofThing = [...(this.#byThing.get(wanted.thing) ?? [])];
    if (wanted.releases) return releasingInstead(wanted, ofThing) ?? wanted;
    const places = ofThing.filter(({ releases }) => !releases);
    const inputBytes = places.reduce((sum, { inputBytes }) => sum + inputBytes, 0);
    if (places.length >= this.#maxPerThing) throw tooMany(wanted.thing, places.length);
    if (this.#running >= this.#maxRunning && places.length >= GUARANTEED)
      throw tooMany(undefined, this.#running);
    if (inputBytes > 0 && inputBytes + wanted.inputBytes > INPUT_BYTES) throw tooLarge(wanted);
    return wanted;
  }

  add(record: InvocationRecord): void {
    const ofThing = this.#byThing.get(record.thing) ?? new Set();
    this.#byThing.set(record.thing, ofThing.add(record));
    if (!record.releases) this.#running += 1;
  }

  delete(record: InvocationRecord): void {
    const ofThing = this.#byThing.get(record.thing);
    if (!ofThing?.delete(record)) return;
    if (ofThing.size === 0) this.#byThing.delete(record.thing);
    if (!record.releases) this.#running -= 1;
  }
}

/** The run that stands for one too many: the newest with the same input, else the newest. */
function releasingInstead(
  { action, input }: InvocationRecord,
  ofThing: readonly InvocationRecord[],
): InvocationRecord | undefined {
  const same = ofThing.filter((record) => record.releases && record.action === action);
  if (same.length < RELEASING) return undefined;
  joined.hit();
  const instead = same.findLast((record) => isDeepStrictEqual(record.input, input));
  if (instead) {
    instead.isShared = true;
    return instead;
  }
  if (same.length < 2 * RELEASING) return undefined;
  throw new ThingError(
    "TOO_MANY_INVOCATIONS",
    `${same.length} invocations of '${action}' with other inputs have not ended, though it should take no time. Wait for one of them, or cancel one.`,
  );
}

function tooMany(thing: string | undefined, running: number): ThingError {
  refused.hit();
  const whose = thing === undefined ? "" : ` of Thing '${thing}'`;
  return new ThingError(
    "TOO_MANY_INVOCATIONS",
    `${running} invocations${whose} have not ended, which is the limit. Wait for one of them, or cancel one.`,
  );
}

function tooLarge({ thing }: InvocationRecord): ThingError {
  refused.hit();
  return new ThingError(
    "TOO_MANY_INVOCATIONS",
    `The inputs of the invocations of Thing '${thing}' that have not ended fill ${INPUT_BYTES / 2 ** 20} MiB, which is the limit. Wait for one of them, or send less at a time.`,
  );
}
