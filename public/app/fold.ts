const KEY = "thingscope.folds";

/** Which cards are open, as it was left in this browser. */
export function isOpen(card: string, otherwise: boolean): boolean {
  const kept = folds()[card];
  return typeof kept === "boolean" ? kept : otherwise;
}

export function keepOpen(card: string, open: boolean): void {
  try {
    localStorage.setItem(KEY, JSON.stringify({ ...folds(), [card]: open }));
  } catch {
    // a browser that keeps nothing: all is as it is at first
  }
}

function folds(): Record<string, unknown> {
  try {
    return Object(JSON.parse(localStorage.getItem(KEY) ?? "{}"));
  } catch {
    return {};
  }
}
