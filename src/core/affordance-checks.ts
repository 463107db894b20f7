import { messageOf } from "../base/errors.ts";
import { checkName, withCheckedSchemas } from "./affordance-names.ts";
import { KINDS, refusal, shapedAffordance } from "./affordance-shape.ts";
import type { Affordance } from "./affordances.ts";
import { checkHeld } from "./held-members.ts";
import { classNameOf } from "./member-name.ts";
import { Thing } from "./thing.ts";

/** Of one Thing's class. Each costs routes, schemas and a part of every description. */
const MOST_AFFORDANCES = 1000;

/** Those affordances of a Thing that can be served, with schemas as they are described, and a sentence for each that cannot. */
export function soundAffordances(
  thing: Thing,
  listed: readonly unknown[],
): { sound: Affordance[]; refusals: string[] } {
  const className = classNameOf(thing);
  const used = new Map<string, string>();
  const affordances: Affordance[] = [];
  const sound: Affordance[] = [];
  const refusals: string[] = [];
  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      refusals.push(messageOf(error));
    }
  };
  if (listed.length > MOST_AFFORDANCES)
    refusals.push(
      `${className} has ${listed.length} affordances, but at most ${MOST_AFFORDANCES} can be served. Split it into several Things.`,
    );
  for (const one of listed.slice(0, MOST_AFFORDANCES))
    attempt(() => affordances.push(shapedAffordance(className, one)));
  // Endpoints and files are last: they depend on the names of the others.
  const ownsName = ({ kind }: Affordance) => Number(KINDS[kind].ownsName);
  for (const affordance of affordances.sort((a, b) => ownsName(b) - ownsName(a)))
    attempt(() => {
      checkMember(className, affordance);
      checkName(className, affordance, used);
      checkHeld(thing, affordance);
      sound.push(withCheckedSchemas(className, affordance));
    });
  return { sound, refusals };
}

/** What every Thing has for itself: its life, its name and log. An affordance in its place would be run by the host. */
function checkMember(className: string, { kind, name, member }: Affordance): void {
  if (!(member in Thing.prototype)) return;
  const option = KINDS[kind].isRenamable
    ? `, and keep the name for clients: { name: "${name}" }`
    : "";
  throw refusal(
    `The ${kind} '${name}' of ${className} stands on the member '${member}', which every Thing has for itself${LIFE.has(member) ? " and its host calls" : ""}. Give the member another name, e.g. ${member}It${option}.`,
  );
}

const LIFE = new Set(["open", "close", "thingState"]);
