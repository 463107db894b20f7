import { didYouMean } from "../base/nearest.ts";
import { ClientError } from "./client-error.ts";
import type { Affordance, ThingDescription } from "./thing-description.ts";

/** @throws {ClientError} `UNKNOWN_AFFORDANCE`, with the names that there are. */
export function affordanceNamed(
  { title, properties, actions, events }: ThingDescription,
  kind: Affordance["kind"],
  name: string,
  url: string,
): Affordance {
  const known = { property: properties, action: actions, event: events }[kind];
  const found = known.get(name);
  if (found) return found;
  const names = [...known.keys()].sort();
  const has = names.length === 0 ? "It has none." : `It has: ${names.join(", ")}.`;
  throw new ClientError(
    "UNKNOWN_AFFORDANCE",
    `Thing '${title}' has no ${kind} '${name}'. ${has}${didYouMean(name, names)}`,
    { url },
  );
}

/**
 * An object with a member for each name; asking it for another name is an error with a sentence.
 * @param onUnknown - Throws that error.
 */
export function namedMembers<M extends object>(
  affordances: ReadonlyMap<string, Affordance>,
  make: (affordance: Affordance) => object,
  onUnknown: (name: string) => void,
): M {
  const made = [...affordances].map(([name, affordance]) => [name, make(affordance)] as const);
  const members: M = Object.assign(Object.create(null), Object.fromEntries(made));
  return new Proxy(members, {
    get: (target, name) => {
      // What JavaScript itself asks any object for is not a mistake: `then` by await, `toJSON` by JSON.stringify.
      const isAsked = typeof name === "string" && !["then", "toJSON"].includes(name);
      if (isAsked && !Object.hasOwn(target, name)) onUnknown(name);
      return Reflect.get(target, name);
    },
  });
}
