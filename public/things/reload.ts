/** A page that loads itself again does so once in this time, ms: what made it do so may be the same afterwards. */
const PAUSE_MS = 60_000;

/**
 * Loads the page again, unless it has just been for the same reason.
 * @returns Whether it does.
 */
export function reloadOnce(reason: "pages" | "login"): boolean {
  const key = `thingscope-reloaded-for-${reason}`;
  try {
    const last = Number(sessionStorage.getItem(key) ?? Number.NaN);
    const since = Date.now() - last;
    if (since >= 0 && since < PAUSE_MS) return false;
    sessionStorage.setItem(key, String(Date.now()));
  } catch {
    return false; // a browser that keeps nothing could not tell that it loops
  }
  location.reload();
  return true;
}
