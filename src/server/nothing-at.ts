import { ThingError, unknownAffordance } from "../base/errors.ts";
import { quoted } from "../base/preview.ts";
import type { ThingHost } from "../core/thing-host.ts";

/**
 * The error for a path that leads nowhere: it names what there is in its place.
 * @param path - As the client wrote it, without a query.
 */
export function nothingAt(path: string, host: ThingHost, prefix: string): ThingError {
  const [name = "", affordance = ""] = path.slice(prefix.length + 1).split("/");
  const model = path.startsWith(`${prefix}/`) ? host.things.get(name)?.model : undefined;
  const names = [model?.properties, model?.actions, model?.events, model?.streams].flatMap(
    (affordances) => [...(affordances?.keys() ?? [])],
  );
  if (model && !names.includes(affordance)) {
    return unknownAffordance(name, "affordance", affordance, names);
  }
  const things = [...host.things.keys()].map((thing) => `${prefix}/${thing}/`);
  const there = things.length > 0 ? `The Things are at: ${things.join(", ")}.` : "It has no Thing.";
  return new ThingError(
    "NOT_FOUND",
    `There is nothing at ${quoted(path)} of this server. ${there}`,
  );
}
