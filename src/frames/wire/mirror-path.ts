/** In the head of a mirrored stream: the ids of the Things between the camera and the viewer, that of the mirror's own the last. */
export const MIRROR_PATH = "X-Mirror-Path";
const MOST_IDS = 20;
/** Ids are URIs; this package's have 45 characters. */
const ID = /^[!-~]{1,200}$/;

/** The value of `X-Mirror-Path`. What is no URI, or a long one, is left out. */
export function describePath(ids: readonly string[]): string {
  return ids
    .filter((id) => ID.test(id))
    .slice(-MOST_IDS)
    .join(" ");
}

/** Whether one of the ids is in the path that a stream came with. @param headers - Names in lower case. */
export function passes(headers: ReadonlyMap<string, string>, ids: ReadonlySet<string>): boolean {
  const path = headers.get(MIRROR_PATH.toLowerCase()) ?? "";
  return path.split(" ").some((id) => ids.has(id));
}
