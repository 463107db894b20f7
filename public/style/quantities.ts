/** A span of time, ms, as people say it. */
export function duration(ms: number): string {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms / 1000) % 60)} s`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

export function bytes(count: number): string {
  if (count < 10_000) return `${(count / 1000).toFixed(1)} kB`;
  return count < 1e6 ? `${Math.round(count / 1000)} kB` : `${(count / 1e6).toFixed(2)} MB`;
}

/** A length, in the unit that people use for it. @param micrometres - Above 0. */
export function distance(micrometres: number): string {
  const [factor, unit] =
    micrometres < 1 ? [1000, "nm"] : micrometres < 1000 ? [1, "µm"] : [0.001, "mm"];
  return `${Number((micrometres * factor).toPrecision(3))} ${unit}`;
}

/** The largest of 1, 2, 5, 10, 20, 50 ... that is not above a limit. */
export function roundBelow(limit: number): number {
  const power = 10 ** Math.floor(Math.log10(limit));
  const digit = [5, 2, 1].find((each) => each * power <= limit) ?? 1;
  return digit * power;
}
