import { mediaRangesIn } from "./accept.ts";
import { JSON_TYPE } from "./route.ts";

/**
 * Which dialect a client understands, by its Accept header. A consumer of WoT Profiles accepts JSON and nothing else;
 * clients of LabThings accept anything.
 */
export function isProfileConsumer(accept?: string): boolean {
  const types = mediaRangesIn(accept).flatMap(({ type, quality }) => (quality > 0 ? type : []));
  return types.includes(JSON_TYPE) && types.every((type) => type.endsWith("json"));
}
