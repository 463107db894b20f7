import { isDeepStrictEqual } from "node:util";
import { messageOf, ThingError } from "../base/errors.ts";
import { countedLimit } from "../base/limit-hits.ts";
import { asksDevice, type PropertyAffordance } from "./affordances.ts";
import type { PropertyAccess } from "./property-access.ts";
import { isThenable, type ThingFaults } from "./thing-faults.ts";

type ChangeListener = (name: string, value: unknown) => void;
type FaultListener = (name: string, problem: ThingError) => void;

/** What observers were told of a property, once they are: its value, or why there is none. */
export interface Told {
  value?: unknown;
  problem?: string;
}

/** Observers that set a property whenever they are told one would go on for ever. */
const MOST_IN_TURN = 1000;
const inTurn = countedLimit("told_in_turn");

/** Of one property, in order to tell of it, at a time. */
const MOST_READS = 100;
const readsForObservers = countedLimit("reads_for_observers");

/** The values of one property that are on their way. */
interface Awaited {
  /** Ends when the last of them has been told. */
  last: Promise<void>;
  reads: number;
  /** It has changed since, and is read again when there is room. */
  again?: PropertyAffordance | undefined;
}

/** Who is told of the values of one Thing's properties: all the same ones, in the order in which they came about. */
export class PropertyObservers {
  readonly #access: PropertyAccess;
  readonly #faults: ThingFaults;
  readonly #changeListeners = new Set<ChangeListener>();
  readonly #faultListeners = new Set<FaultListener>();
  /** Being read in order to be told. */
  readonly #reading = new Set<string>();
  /** Of each property whose getter is `async`, while a value is on its way. */
  readonly #awaited = new Map<string, Awaited>();
  /** What is being told, and behind it what came about meanwhile. */
  #turn: (() => void)[] = [];

  constructor(access: PropertyAccess, faults: ThingFaults) {
    this.#access = access;
    this.#faults = faults;
  }

  /**
   * Tells the value that a property has now, or what keeps it from being read. Never throws.
   * @param unless - Not again what this says was told already.
   */
  tell(property: PropertyAffordance, unless?: Told): Told {
    const told: Told = {};
    if (asksDevice(property) && !this.isHeard) return told;
    const before = this.#awaited.get(property.name);
    if (before && before.reads >= MOST_READS) {
      readsForObservers.hit();
      before.again = property;
      return told;
    }
    const answer = this.#read(property);
    if (!answer) return told;
    const isLate = answer.status === "fulfilled" && isThenable(answer.value);
    if (!isLate && !before) this.#tell(property, answer, told, unless);
    else this.#await(property, answered(answer), told, unless);
    return told;
  }

  /** Calls `listener` at each change of an observable property. */
  onChange(listener: ChangeListener): () => void {
    this.#changeListeners.add(listener);
    return () => void this.#changeListeners.delete(listener);
  }

  /** Calls `listener` whenever an observable property has changed and cannot be read. */
  onFault(listener: FaultListener): () => void {
    this.#faultListeners.add(listener);
    return () => void this.#faultListeners.delete(listener);
  }

  /** Whether anybody listens; else a device need not be asked. */
  get isHeard(): boolean {
    return this.#changeListeners.size + this.#faultListeners.size > 0;
  }

  /** Nothing for a getter that announces itself. */
  #read(property: PropertyAffordance): PromiseSettledResult<unknown> | undefined {
    const { name } = property;
    if (this.#reading.has(name)) return undefined;
    this.#reading.add(name);
    try {
      return {
        status: "fulfilled",
        value: this.#access.quietly(property, () => this.#access.read(property)),
      };
    } catch (reason) {
      return { status: "rejected", reason };
    } finally {
      this.#reading.delete(name);
    }
  }

  /** A device may answer a later question first: the later value is told last all the same. */
  #await(property: PropertyAffordance, value: unknown, told: Told, unless?: Told): void {
    const { name } = property;
    const awaited = this.#awaited.get(name) ?? { last: Promise.resolve(), reads: 0 };
    const mine = Promise.allSettled([value, awaited.last]).then(([answer]) => {
      awaited.reads -= 1;
      if (awaited.last === mine) this.#awaited.delete(name);
      this.#tell(property, answer, told, unless);
      const { again } = awaited;
      awaited.again = undefined;
      if (again) this.tell(again);
    });
    awaited.last = mine;
    awaited.reads += 1;
    this.#awaited.set(name, awaited);
  }

  #tell(
    { name, member }: PropertyAffordance,
    answer: PromiseSettledResult<unknown>,
    told: Told,
    unless?: Told,
  ): void {
    if (answer.status === "fulfilled") {
      const { value } = answer;
      told.value = value;
      if (unless && isDeepStrictEqual(unless.value, value)) return;
      this.#inTurn(member, () => this.#faults.tell(member, this.#changeListeners, name, value));
      return;
    }
    const { reason } = answer;
    const problem =
      reason instanceof ThingError ? reason : new ThingError("PROPERTY_FAILED", messageOf(reason));
    told.problem = problem.message;
    if (unless?.problem === problem.message) return;
    this.#inTurn(member, () => this.#faults.tell(member, this.#faultListeners, name, problem));
  }

  /** An observer may set a property while it is told of one: the others hear of the first before they hear of the second. */
  #inTurn(member: string, work: () => void): void {
    if (this.#turn.length >= MOST_IN_TURN) {
      inTurn.hit();
      const sentence = `Observers of Thing '${this.#faults.thing}' set its properties each time they are notified of a change, more than ${MOST_IN_TURN} times: further notifications of this turn are dropped. Set a property only if its value differs.`;
      this.#faults.note(member, sentence);
      return;
    }
    this.#turn.push(work);
    if (this.#turn.length > 1) return;
    try {
      for (const next of this.#turn) next(); // also what is added meanwhile
    } finally {
      this.#turn = [];
    }
  }
}

/** Rejected for what could not be read. */
function answered(answer: PromiseSettledResult<unknown>): unknown {
  return answer.status === "fulfilled" ? answer.value : Promise.reject(answer.reason);
}
