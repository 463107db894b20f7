/** A span of time, ms, as people say it. */
export function duration(ms) {
  if (ms < 1000) return `${Math.round(ms)} ms`;
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  if (ms < 3_600_000) return `${Math.floor(ms / 60_000)} min ${Math.floor((ms / 1000) % 60)} s`;
  return `${(ms / 3_600_000).toFixed(1)} h`;
}

export function bytes(count) {
  if (count < 10_000) return `${(count / 1000).toFixed(1)} kB`;
  return count < 1e6 ? `${Math.round(count / 1000)} kB` : `${(count / 1e6).toFixed(2)} MB`;
}

/** Frames a second, over the 5 s before the newest, but over 3 frames at least. */
export function rateOf(times) {
  const last = times.at(-1);
  const start = Math.min(
    times.findIndex((time) => last - time < 5000),
    times.length - 3,
  );
  return start < 0 ? 0 : (1000 * (times.length - 1 - start)) / (last - times[start]);
}
