import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { LiveThing } from "../things/live-thing.ts";
import { server } from "../things/server.ts";
import { listsRecordings, type Recording, recordingsOf } from "./recording.ts";

/** Keeps an element up to date with the recordings of all Recorders: one connection each, as long as it is in the page. */
export class ListedRecordings implements ReactiveController {
  all: readonly Recording[] = [];
  readonly #host: ReactiveControllerHost;
  readonly #followed = new Map<LiveThing, () => void>();
  #values: readonly unknown[] = [];
  readonly #look = () => this.#follow();

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  get hasRecorder(): boolean {
    return this.#followed.size > 0 || !server.isKnown;
  }

  /** Whether some Recorder has told its list. */
  get isKnown(): boolean {
    return server.isKnown && this.#values.some((value) => value !== undefined);
  }

  /** Why a list is not known. */
  get problem(): string {
    const known = [...this.#followed.keys()].map(({ values }) => values.get("recordings")?.problem);
    return known.find((problem) => problem !== undefined) ?? "";
  }

  hostConnected(): void {
    server.addEventListener("change", this.#look);
    this.#follow();
  }

  hostDisconnected(): void {
    server.removeEventListener("change", this.#look);
    for (const leave of this.#followed.values()) leave();
    this.#followed.clear();
  }

  #follow(): void {
    const recorders = new Set([...server.things.values()].filter(listsRecordings));
    for (const [thing, leave] of this.#followed) {
      if (recorders.has(thing)) continue;
      leave();
      this.#followed.delete(thing);
    }
    for (const thing of recorders) {
      if (this.#followed.has(thing)) continue;
      const end = thing.follow();
      thing.addEventListener("change", this.#read);
      this.#followed.set(thing, () => {
        thing.removeEventListener("change", this.#read);
        end();
      });
    }
    this.#read();
    this.#host.requestUpdate();
  }

  /** Other values of the Things move twice a second: only another list is read. */
  readonly #read = () => {
    const recorders = [...this.#followed.keys()];
    const values = recorders.map((thing) => thing.values.get("recordings")?.value);
    const isSame =
      values.length === this.#values.length && values.every((one, n) => one === this.#values[n]);
    if (isSame) return;
    this.#values = values;
    this.all = recordingsOf(recorders);
    this.#host.requestUpdate();
  };
}
