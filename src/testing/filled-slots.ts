import type { AddOptions } from "../core/host-options.ts";
import type { Thing } from "../core/thing.ts";
import type { ThingHost } from "../core/thing-host.ts";

/**
 * The names of the Things that fill slots. A Thing that the host does not have yet is added, under the name of its slot,
 * or `slot_1`, `slot_2` where the slot takes several.
 */
export function filledSlots(
  host: ThingHost,
  slots: Readonly<Record<string, Thing | readonly Thing[]>>,
): NonNullable<AddOptions["slots"]> {
  return Object.fromEntries(
    Object.entries(slots).map(([slot, filling]) => [
      slot,
      isThings(filling)
        ? filling.map((thing, index) => nameOf(host, thing, `${slot}_${index + 1}`))
        : nameOf(host, filling, slot),
    ]),
  );
}

function isThings(filling: Thing | readonly Thing[]): filling is readonly Thing[] {
  return Array.isArray(filling);
}

function nameOf(host: ThingHost, thing: Thing, name: string): string {
  const known = [...host.things.values()].find((hosted) => hosted.thing === thing);
  return known?.name ?? host.add(name, thing).name;
}
