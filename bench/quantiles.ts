/** The median and the 99th percentile. */
export function quantiles(values: readonly number[]): { p50: number; p99: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const at = (fraction: number) => sorted[Math.floor(fraction * sorted.length)] ?? Number.NaN;
  return { p50: at(0.5), p99: at(0.99) };
}
