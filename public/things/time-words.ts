/** A span of time, ms, as people say it: `3.2 s`, `2 min 05 s`, `3 h 07 min`. */
export function spanOf(ms: number): string {
  if (ms < 60_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.floor(ms / 1000);
  const [minutes, hours] = [Math.floor(seconds / 60), Math.floor(seconds / 3600)];
  if (hours > 0) return `${hours} h ${twoDigits(minutes % 60)} min`;
  return `${minutes} min ${twoDigits(seconds % 60)} s`;
}

/** A time of day here, epoch ms, with its day where that is not today: `14:03:22`, `29 Nov 14:03:22`. */
export function clockOf(at: number, now = Date.now()): string {
  const date = new Date(at);
  const parts = [date.getHours(), date.getMinutes(), date.getSeconds()];
  const time = parts.map(twoDigits).join(":");
  if (date.toDateString() === new Date(now).toDateString()) return time;
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  return `${day} ${time}`;
}

function twoDigits(count: number): string {
  return String(count).padStart(2, "0");
}
