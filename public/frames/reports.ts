/** How often a page hears of its pictures, ms. */
export const REPORT_MS = 200;

const due = new Set<() => void>();

/**
 * Has a picture tell of itself at the next turn, which is the same for all: so a page with sixteen renders five times a second, and
 * not eighty times.
 */
export function reportSoon(report: () => void): void {
  if (due.size === 0) setTimeout(reportAll, REPORT_MS);
  due.add(report);
}

function reportAll(): void {
  const reports = [...due];
  due.clear();
  for (const report of reports) report();
}
