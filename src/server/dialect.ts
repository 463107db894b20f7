import { JSON_TYPE } from "./route.ts";

/**
 * Which dialect a client understands, by its Accept header. A consumer of WoT Profiles accepts JSON and nothing else;
 * clients of LabThings accept anything.
 */
export function isProfileConsumer(accept = "*/*"): boolean {
  const types = accept.split(",").map((type) => type.split(";")[0]!.trim().toLowerCase());
  return types.includes(JSON_TYPE) && types.every((type) => type.endsWith("json"));
}
