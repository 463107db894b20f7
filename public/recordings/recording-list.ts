import type { LiveThing } from "../things/live-thing.ts";
import { affordancesOf } from "../things/td.ts";
import { knownRecordings } from "./known-recordings.ts";
import type { Recording } from "./recording.ts";

/** How a list of recordings may be sorted. */
export const ORDERS = {
  newest: { label: "Newest first", of: (a: Recording, b: Recording) => b.createdAt - a.createdAt },
  oldest: { label: "Oldest first", of: (a: Recording, b: Recording) => a.createdAt - b.createdAt },
  longest: {
    label: "Longest first",
    of: (a: Recording, b: Recording) => (b.duration ?? 0) - (a.duration ?? 0),
  },
  largest: { label: "Largest first", of: (a: Recording, b: Recording) => b.size - a.size },
  name: {
    label: "By name",
    of: (a: Recording, b: Recording) => a.name.localeCompare(b.name, undefined, { numeric: true }),
  },
} as const;
export type Order = keyof typeof ORDERS;

/** Whether a Thing lists recordings. */
export function listsRecordings(thing: LiveThing): boolean {
  return thing.is("Recorder") && affordancesOf(thing.td).properties.has("recordings");
}

/** The recordings that these Things list, each once: Recorders may share a folder. */
export function recordingsOf(recorders: Iterable<LiveThing>): Recording[] {
  const found = new Map<string, Recording>();
  for (const recorder of recorders)
    for (const recording of knownRecordings(recorder))
      if (!found.has(recording.id)) found.set(recording.id, recording);
  return [...found.values()];
}

/** Those that have every word of a text in their names, cameras, reasons or dates; sorted. */
export function found(all: readonly Recording[], text: string, order: Order): Recording[] {
  const words = text.toLocaleLowerCase().split(/\s+/).filter(Boolean);
  const isFound = ({ name, title, camera, reason, ended }: Recording) => {
    const said = `${name} ${title} ${camera} ${reason} ${ended}`.toLocaleLowerCase();
    return words.every((word) => said.includes(word));
  };
  return all.filter(isFound).sort(ORDERS[order].of);
}
