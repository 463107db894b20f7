import type { ReactiveController, ReactiveControllerHost } from "lit";
import type { LiveThing } from "../things/live-thing.ts";
import { server } from "../things/server.ts";
import { knownRecordings } from "./known-recordings.ts";
import type { Recording } from "./recording.ts";
import { listsRecordings, recordingsOf } from "./recording-list.ts";

/** Keeps an element up to date with the recordings of all Recorders: one connection each, as long as it is in the page. */
export class ListedRecordings implements ReactiveController {
  all: readonly Recording[] = [];
  /** Whether some Recorder has told its list. */
  isKnown = false;
  readonly #host: ReactiveControllerHost;
  readonly #followed = new Map<LiveThing, () => void>();
  #lists: readonly (readonly Recording[])[] = [];
  #problem = "";
  readonly #look = () => this.#follow();

  constructor(host: ReactiveControllerHost) {
    this.#host = host;
    host.addController(this);
  }

  get hasRecorder(): boolean {
    return this.#followed.size > 0 || !server.isKnown;
  }

  /** Why a list is not known, or is not what is on the disk. */
  get problem(): string {
    const known = [...this.#followed.keys()].map(
      ({ values }) =>
        values.get("recordings")?.problem ?? Object(values.get("disk")?.value).trouble,
    );
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

  /** Other values of the Things move twice a second: only another list is shown again. */
  readonly #read = () => {
    const recorders = [...this.#followed.keys()];
    const lists = recorders.map(knownRecordings);
    const isSame =
      lists.length === this.#lists.length && lists.every((one, n) => one === this.#lists[n]);
    const isKnown = recorders.some((thing) => thing.values.get("recordings")?.value !== undefined);
    const { problem } = this;
    if (isSame && isKnown === this.isKnown && problem === this.#problem) return;
    this.#problem = problem;
    this.#lists = lists;
    this.isKnown = isKnown;
    this.all = recordingsOf(recorders);
    this.#host.requestUpdate();
  };
}
