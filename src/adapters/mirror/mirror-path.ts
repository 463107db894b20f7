import { isRecord } from "../../base/values.ts";
import type { JsonObject } from "../../client/json.ts";
import type { MirrorHop } from "../../core/mirror-hop.ts";

/** Mirrors one behind the other, so that a picture is not passed on for ever where a loop is not seen. */
export const MOST_HOPS = 8;
const LONGEST = 2000; // characters of an id or an address

/** The Things that a Thing at `href` shows, and itself as the last. @returns Undefined where its description has no usable `mirrorOf` or `id`. */
export function hopsOf({ id, mirrorOf = [] }: JsonObject, href: string): MirrorHop[] | undefined {
  if (!Array.isArray(mirrorOf) || mirrorOf.length > 2 * MOST_HOPS) return undefined;
  const hops: unknown[] = [...mirrorOf, { id: id ?? href, href }];
  return hops.every(isHop) ? hops.map(({ id, href }) => ({ id, href })) : undefined;
}

/** Why a Thing is not mirrored, the end of a sentence that begins with it; undefined when it is. @param own - Ids of the Things here. */
export function whyNotMirrored(
  hops: readonly MirrorHop[] | undefined,
  own: ReadonlySet<string>,
): string | undefined {
  if (!hops) return "says of what it is a mirror in a way that cannot be read";
  if (hops.some(({ id }) => own.has(id)))
    return "is a mirror of a Thing of this server: the mirrors form a loop. Mirror another server";
  if (hops.length > MOST_HOPS)
    return `is behind ${hops.length - 1} mirrors already, and there may be ${MOST_HOPS} at most. Mirror a server that is nearer to the camera`;
  return undefined;
}

function isHop(hop: unknown): hop is MirrorHop {
  return isRecord(hop) && [hop.id, hop.href].every(isShort);
}

function isShort(text: unknown): boolean {
  return typeof text === "string" && text !== "" && text.length <= LONGEST;
}
