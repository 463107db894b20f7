import { now } from "../../base/clock.ts";
import type { Problem } from "../http/problem.ts";
import type { NotificationIds } from "./notification-ids.ts";

/** What a server-sent event is called that tells a problem instead of a value. */
const PROBLEM_EVENT = "problem";

/** A new value of a property, one emission of an event, or what kept either from being told. */
export class Notification {
  readonly id: string;
  /** Of the property or event. */
  readonly name: string;
  /** JSON; absent for an event without data. */
  readonly data: string | undefined;
  /** When it arose, on the clock of `now()`. */
  readonly at = now();
  /** Instead of data: why there is none. */
  readonly problem: Problem | undefined;
  #sse: string | undefined;

  constructor(id: string, name: string, data: string | undefined, problem?: Problem) {
    this.id = id;
    this.name = name;
    this.data = data;
    this.problem = problem;
  }

  /** As a server-sent event, written once for all readers. JSON has no line breaks. */
  get sse(): string {
    const event = this.problem ? PROBLEM_EVENT : this.name;
    const data = this.problem ? JSON.stringify({ ...this.problem, name: this.name }) : this.data;
    this.#sse ??= `event: ${event}\nid: ${this.id}\ndata: ${data ?? "null"}\n\n`;
    return this.#sse;
  }
}

export interface NotificationLogOptions {
  /** How many are held: 1000. */
  readonly capacity?: number;
  /** How much JSON is held, characters: 4 Mi. One notification is held however long it is. */
  readonly maxCharacters?: number;
}

/** The last notifications of one property or event, for readers who come back, and for those who wait. */
export class NotificationLog {
  readonly name: string;
  readonly #ids: NotificationIds;
  readonly #capacity: number;
  readonly #maxCharacters: number;
  readonly #held: Notification[] = [];
  readonly #listeners = new Set<(notification: Notification) => void>();
  #characters = 0;
  #touchedAt = performance.now();
  #heldSince: string;

  constructor(
    name: string,
    ids: NotificationIds,
    { capacity = 1000, maxCharacters = 4 << 20 }: NotificationLogOptions = {},
  ) {
    this.name = name;
    this.#ids = ids;
    this.#capacity = capacity;
    this.#maxCharacters = maxCharacters;
    this.#heldSince = ids.present();
  }

  /** For how long nobody has asked for it, ms; 0 while somebody waits for what is to come. */
  get idleMs(): number {
    return this.#listeners.size > 0 ? 0 : performance.now() - this.#touchedAt;
  }

  /** Somebody asks for it. */
  touch(): void {
    this.#touchedAt = performance.now();
  }

  /** Everything that came after this id is held. */
  get heldSince(): string {
    return this.#heldSince;
  }

  /** @param data - JSON. */
  add(data: string | undefined): void {
    this.#keep(new Notification(this.#ids.next(), this.name, data));
  }

  /** Instead of a value: what kept it from being told. */
  addProblem(problem: Problem): void {
    this.#keep(new Notification(this.#ids.next(), this.name, undefined, problem));
  }

  /** The oldest held that came after `id`. */
  after(id: string): Notification | undefined {
    let low = 0;
    let high = this.#held.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#held[middle]!.id > id) high = middle;
      else low = middle + 1;
    }
    return this.#held[low];
  }

  /** Calls `listener` with each one that is added. */
  onAdd(listener: (notification: Notification) => void): () => void {
    this.#listeners.add(listener);
    return () => {
      this.#listeners.delete(listener);
      this.touch();
    };
  }

  #keep(notification: Notification): void {
    this.#held.push(notification);
    this.#characters += charactersOf(notification);
    while (this.#isOverfull()) this.#dropOldest();
    for (const listener of [...this.#listeners]) listener(notification);
  }

  #isOverfull(): boolean {
    const { length } = this.#held;
    return length > this.#capacity || (length > 1 && this.#characters > this.#maxCharacters);
  }

  #dropOldest(): void {
    const dropped = this.#held.shift();
    if (!dropped) return;
    this.#characters -= charactersOf(dropped);
    this.#heldSince = dropped.id;
  }
}

function charactersOf({ data, problem }: Notification): number {
  return problem ? problem.detail.length : (data?.length ?? 0);
}
