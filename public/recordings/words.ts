/** `1.2 GB` */
export function bytesText(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let [value, n] = [bytes, 0];
  for (; value >= 999.5 && n < units.length - 1; n++) value /= 1000;
  return `${n === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[n]}`;
}

/** `4.2 s`, `3:07`, `1:02:07` @param seconds - 0 or more. */
export function lengthText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60];
  const two = (value: number) => String(value).padStart(2, "0");
  return hours > 0
    ? `${hours}:${two(minutes)}:${two(whole % 60)}`
    : `${minutes}:${two(whole % 60)}`;
}

/** A place in a recording, to the millisecond: `4.217 s`, `3:07.050`, `1:02:07.000`. @param seconds - 0 or more. */
export function clockText(seconds: number): string {
  if (seconds < 60) return `${seconds.toFixed(3)} s`;
  const ms = Math.round(seconds * 1000);
  return `${lengthText(Math.floor(ms / 1000))}.${String(ms % 1000).padStart(3, "0")}`;
}

/** How long something may go on, roughly: `12 min`, `5 h`, `3 days`. */
export function spanText(seconds: number): string {
  if (seconds < 100) return `${Math.floor(seconds)} s`;
  if (seconds < 100 * 60) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} days`;
}

/** A time of day to the millisecond, of the place where it is looked at. @param epochMs - Epoch ms. */
export function timeText(epochMs: number): string {
  const time = new Date(epochMs);
  const two = (value: number) => String(value).padStart(2, "0");
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  const ms = String(time.getMilliseconds()).padStart(3, "0");
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}.${ms}`;
}

/** `1 frame`, `208 frames` */
export function countText(count: number, what: string): string {
  return `${count.toLocaleString("en")} ${what}${count === 1 ? "" : "s"}`;
}
