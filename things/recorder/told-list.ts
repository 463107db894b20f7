import { type FileChanges, now } from "thingscope";

/** What a list is told to, and how. */
export interface ListTelling {
  /** How many files there are. */
  count(): number;
  /** Tells the whole list. */
  tellAll(): void;
  /** Tells what is another. */
  tellChanges(changes: FileChanges): void;
}

/** The whole list is told the more rarely the longer it is: a file is 700 B of JSON, so this is 100 kB/s. */
const MS_PER_FILE = 7;
/** Files that only grow have it told more rarely still: `progress` tells that. */
const GROWTH_FACTOR = 10;
/** More at once are told by the list alone. */
const MOST_CHANGES = 100;

/**
 * Tells of a list of recordings: at once what has changed, and the whole list at a bounded rate, which is at once where the list is
 * short or nothing has changed for a while.
 */
export class ToldList {
  readonly #telling: ListTelling;
  readonly #growing = new Set<string>();
  #toldAt = Number.NEGATIVE_INFINITY;
  #due = Number.POSITIVE_INFINITY;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(telling: ListTelling) {
    this.#telling = telling;
  }

  changed({ changed, removed }: FileChanges): void {
    const others = changed.filter((file) => !file.isGrowing || !this.#growing.has(file.id));
    for (const { id, isGrowing } of others)
      if (isGrowing) this.#growing.add(id);
      else this.#growing.delete(id);
    for (const id of removed) this.#growing.delete(id);
    const count = others.length + removed.length;
    if (count > 0 && count <= MOST_CHANGES) this.#telling.tellChanges({ changed: others, removed });
    this.#tellAllWithin(MS_PER_FILE * (count > 0 ? 1 : GROWTH_FACTOR));
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#due = Number.POSITIVE_INFINITY;
  }

  #tellAllWithin(msPerFile: number): void {
    const due = Math.max(now(), this.#toldAt + msPerFile * this.#telling.count());
    if (due >= this.#due) return;
    this.#due = due;
    clearTimeout(this.#timer);
    if (due <= now()) this.#tellAll();
    else this.#timer = setTimeout(() => this.#tellAll(), due - now());
  }

  #tellAll(): void {
    this.#due = Number.POSITIVE_INFINITY;
    this.#toldAt = now();
    this.#telling.tellAll();
  }
}
