/** In the head and the heartbeats of a stream that another server has: the ids of the Things and sources that its pictures pass on their way from the camera. */
export const MIRROR_PATH = "X-Mirror-Path";
const MOST_IDS = 32;
/** Ids are URIs; this package's have 45 characters. */
const ID = /^[!-~]{1,200}$/;

/** The value of `X-Mirror-Path`. What is no URI, or a long one, is left out. */
export function describePath(ids: readonly string[]): string {
  return ids
    .filter((id) => ID.test(id))
    .slice(-MOST_IDS)
    .join(" ");
}

/** The ids in a path; none where there is no path, or one that is none. @param headers - Names in lower case. */
export function pathIn(headers: ReadonlyMap<string, string>): string[] {
  const ids = (headers.get(MIRROR_PATH.toLowerCase()) ?? "").split(" ");
  return ids.filter((id) => ID.test(id)).slice(-MOST_IDS);
}

/** Whether one of the ids is in the path that a stream came with. @param headers - Names in lower case. */
export function passes(headers: ReadonlyMap<string, string>, ids: ReadonlySet<string>): boolean {
  return pathIn(headers).some((id) => ids.has(id));
}
