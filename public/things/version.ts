/** Which pages this is one of: it stands in the address of all its files, `assets/VERSION/public/things/version.js`. */
const own = /\/assets\/([^/]+)\/public\//.exec(import.meta.url)?.[1];

/** Whether a version is another than that of this page. */
export function isOther(version: string): boolean {
  return own !== undefined && version !== own;
}

/** Whether the server has other pages now than this one; false when it does not say. */
export async function hasNewerPages(): Promise<boolean> {
  if (own === undefined) return false;
  const response = await fetch(location.pathname, {
    headers: { Accept: "text/html" },
    cache: "no-cache",
    signal: AbortSignal.timeout(4000),
  });
  const [, now] = /\bassets\/([\w-]+)\/public\//.exec(await response.text()) ?? [];
  return response.ok && now !== undefined && isOther(now);
}
