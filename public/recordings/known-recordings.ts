import type { Happened } from "../things/kept-events.ts";
import type { LiveThing } from "../things/live-thing.ts";
import { type Recording, recordingIn } from "./recording.ts";

/**
 * The recordings of one Recorder: from its property `recordings`, which a long list is told rarely, its event `recordings_changed`,
 * which tells each change, and what is written now from `progress`.
 */
class KnownRecordings {
  readonly #recorder: LiveThing;
  readonly #byId = new Map<string, Recording>();
  #list: unknown;
  #heard: Happened | undefined;
  #progress: unknown;
  #all: readonly Recording[] | undefined;

  constructor(recorder: LiveThing) {
    this.#recorder = recorder;
    for (const type of ["change", "happened"]) recorder.addEventListener(type, () => this.#look());
    this.#look();
  }

  /** Newest first; the same array until something is another. */
  get all(): readonly Recording[] {
    this.#all ??= this.#written();
    return this.#all;
  }

  /** A Thing dispatches each change and event by itself, so those of the list and of its parts come in their order. */
  #look(): void {
    const { values, events } = this.#recorder;
    const list = values.get("recordings")?.value;
    const heard = events.findLast(({ name }) => name === "recordings_changed");
    const progress = values.get("progress")?.value;
    if (progress !== this.#progress) this.#all = undefined;
    this.#progress = progress;
    if (list !== this.#list) this.#replace(list);
    if (heard && heard !== this.#heard) this.#apply(heard);
  }

  #replace(list: unknown): void {
    this.#list = list;
    this.#all = undefined;
    this.#byId.clear();
    this.#put(list);
  }

  #apply(heard: Happened): void {
    this.#heard = heard;
    this.#all = undefined;
    const { changed, removed } = Object(heard.data);
    this.#put(changed);
    for (const id of Array.isArray(removed) ? removed : []) this.#byId.delete(id);
  }

  #put(files: unknown): void {
    for (const file of Array.isArray(files) ? files : []) {
      const recording = recordingIn(file, this.#recorder);
      if (recording) this.#byId.set(recording.id, recording);
    }
  }

  #written(): readonly Recording[] {
    const progress = (Array.isArray(this.#progress) ? this.#progress : []).map(Object);
    const all = [...this.#byId.values()].map((recording) => {
      const so = recording.isGrowing && progress.find(({ name }) => name === recording.name);
      if (!so) return recording;
      const { frames, duration, dropped, size } = so;
      return { ...recording, frames, duration, dropped, size };
    });
    return all.sort((a, b) => b.createdAt - a.createdAt);
  }
}

const known = new WeakMap<LiveThing, KnownRecordings>();

/** What a Recorder lists, as it is now, newest first. */
export function knownRecordings(recorder: LiveThing): readonly Recording[] {
  const found = known.get(recorder) ?? new KnownRecordings(recorder);
  known.set(recorder, found);
  return found.all;
}
