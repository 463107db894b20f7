import { countedLimit } from "../../base/limit-hits.ts";
import type { Log } from "../../base/log.ts";
import { quoted } from "../../base/preview.ts";
import { hasFewLevels, isRecord } from "../../base/values.ts";
import type { EnrichedDescription } from "../../server/directory/remote-things.ts";
import type { Lease } from "./lease.ts";
import { ToldOnce } from "./told-once.ts";

/** Levels of a description: more may be more than a reader's stack holds. */
const MOST_LEVELS = 100;
const MOST_ID = 500;
/** What no other member may be called either, and no Thing. */
const NAME = /^[A-Za-z0-9][A-Za-z0-9_-]{0,62}$/;

const badLimit = countedLimit("fleet_bad_entries");

/** Counts what somebody says in the name of a member and nobody can use. The log tells of each name once. */
export class RefusedEntries {
  readonly #told: ToldOnce;

  constructor(log: Log) {
    this.#told = new ToldOnce((sentence) => log.warn(sentence));
  }

  /** @param what - Of what kind it is: "lease". @param why - What is wrong with it. */
  note(name: string, what: string, why: string): void {
    badLimit.hit();
    const called = quoted(name);
    this.#told.note(
      called,
      `The ${quoted(what)} of '${called}' in the fleet is refused: ${why}. Update that server, and let NATS take such messages from members alone.`,
    );
  }
}

/** Whether a member may have that name. */
export function isMemberName(name: string): boolean {
  return NAME.test(name);
}

/** Member and Thing of a key in the bucket; undefined of one that no member writes. */
export function namesIn(key: string): readonly [member: string, thing: string] | undefined {
  const [member = "", thing = "", ...more] = key.split(".");
  return isMemberName(member) && thing !== "" && more.length === 0 ? [member, thing] : undefined;
}

/** The description in a text, or why there is none. */
export function descriptionIn(text: string): EnrichedDescription | string {
  let description: unknown;
  try {
    description = JSON.parse(text);
  } catch {
    return "it is no JSON";
  }
  if (!isRecord(description)) return "it is no JSON object";
  const { id } = description;
  if (typeof id !== "string" || id === "" || id.length > MOST_ID) return "it has no id";
  if (!hasFewLevels(description, MOST_LEVELS))
    return `objects stand in it more than ${MOST_LEVELS} deep`;
  return description;
}

/** Why a Thing is none of the member that describes it: a description says itself where it is. */
export function strangerIn(
  description: EnrichedDescription,
  { url, origins = [] }: Lease,
): string | undefined {
  const links = Array.isArray(description.links) ? description.links : [];
  const { href } = Object(links.find((link) => isRecord(link) && link.rel === "self"));
  const at = href ?? description.base;
  if (at === undefined) return undefined;
  const origin = typeof at === "string" && URL.canParse(at) ? new URL(at).origin : "nowhere";
  const own = [new URL(url).origin, ...origins];
  return own.includes(origin) ? undefined : `it is at ${origin}, and its member at ${own[0]}`;
}
