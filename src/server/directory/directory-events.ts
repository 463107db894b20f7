import { randomBytes } from "node:crypto";
import { History } from "../../base/history.ts";

export type DirectoryEventType = "thing_created" | "thing_updated" | "thing_deleted";

export const DIRECTORY_EVENT_TYPES: readonly DirectoryEventType[] = [
  "thing_created",
  "thing_updated",
  "thing_deleted",
];

interface DirectoryEvent {
  readonly type: DirectoryEventType;
  /** What `Last-Event-ID` names. */
  readonly id: string;
  /** The `id` of the Thing that it is about. */
  readonly thing: string;
}

const HELD = 1000;

/** What happened in a directory, held for those who come back. */
export class DirectoryEvents extends History<DirectoryEvent> {
  readonly #run = randomBytes(4).toString("hex");

  constructor() {
    super({ capacity: HELD });
  }

  tell(type: DirectoryEventType, thing: string): void {
    this.add({ type, id: `${this.#run}-${this.end}`, thing });
  }

  /** Where a client goes on after the event of this id. After one that is not held, perhaps of an earlier run: with all that is. */
  cursorAfter(id: string): number {
    const [, position] = id.split(`${this.#run}-`);
    return this.at(Number(position))?.id === id ? Number(position) + 1 : this.begin;
  }
}
