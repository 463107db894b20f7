import { randomBytes } from "node:crypto";

export type DirectoryEventType = "thing_created" | "thing_updated" | "thing_deleted";

export const DIRECTORY_EVENT_TYPES: readonly DirectoryEventType[] = [
  "thing_created",
  "thing_updated",
  "thing_deleted",
];

export interface DirectoryEvent {
  readonly type: DirectoryEventType;
  /** Its place among the events of this run of the server: what `Last-Event-ID` names. */
  readonly id: string;
  /** The `id` of the Thing that it is about. */
  readonly thing: string;
}

const HELD = 1000;

/** What happened in a directory: told to listeners, and held for those who come back. */
export class DirectoryEvents {
  readonly #run = randomBytes(4).toString("hex");
  readonly #held: DirectoryEvent[] = [];
  readonly #listeners = new Set<(event: DirectoryEvent) => void>();
  #count = 0;

  add(type: DirectoryEventType, thing: string): void {
    const event = { type, id: `${this.#run}-${this.#count++}`, thing };
    this.#held.push(event);
    if (this.#held.length > HELD) this.#held.shift();
    for (const listener of [...this.#listeners]) listener(event);
  }

  /** What followed the event of this id. After one that is not held, perhaps of an earlier run: all that is. */
  since(id: string): readonly DirectoryEvent[] {
    const last = this.#held.findIndex((event) => event.id === id);
    return this.#held.slice(last + 1);
  }

  on(listener: (event: DirectoryEvent) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }
}
