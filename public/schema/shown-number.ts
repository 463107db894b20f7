import { html, type TemplateResult } from "lit";
import type { Schema } from "../things/td.ts";
import { unitText, withUnit } from "./units.ts";

/** Of what a time may be counted in, how many are a millisecond. */
const PER_MS: ReadonlyMap<string, number> = new Map([
  ["s", 0.001],
  ["ms", 1],
  ["µs", 1000],
  ["ns", 1e6],
]);
/** A span that ends in these years when it is counted from 1970 is no span, but a time: nothing lasts 31 years. */
const [FROM, UNTIL] = [Date.UTC(2001), Date.UTC(2100)];

/** What is counted by the million, and is read better in thousands. */
const LARGE = /^(B|bit|bytes?)(\/s)?$/;
const PREFIXES = ["", "k", "M", "G", "T"];

/** A number as people read it: a time as a time, bytes in kB, MB and GB; the number itself is told to whoever points at it. */
export function shownNumber(value: number, schema: Schema): TemplateResult {
  const exact = withUnit(value, schema.unit);
  const time = timeIn(value, schema.unit);
  if (time) {
    const iso = time.toISOString();
    return html`<time datetime=${iso} title=${`${iso}, ${exact}`}>${TIME.format(time)}</time>`;
  }
  const shown = scaled(value, schema.unit) ?? exact;
  if (shown === exact) return html`<span class="number">${exact}</span>`;
  return html`<span class="number" title=${exact}>${shown}</span>`;
}

const TIME = new Intl.DateTimeFormat(undefined, {
  ...{ year: "numeric", month: "short", day: "numeric" },
  ...{ hour: "2-digit", minute: "2-digit", second: "2-digit", fractionalSecondDigits: 3 },
});

/** The time that a number of seconds, or of parts of one, since 1970 is. Undefined for any other number. */
export function timeIn(value: number, unit: string | undefined): Date | undefined {
  const perMs = PER_MS.get(unitText(unit));
  if (perMs === undefined) return undefined;
  const ms = value / perMs;
  return ms >= FROM && ms < UNTIL ? new Date(ms) : undefined;
}

/** `3.7 MB/s`; undefined for what is not counted in bytes, or is small. */
export function scaled(value: number, unit: string | undefined): string | undefined {
  const [, what, rate = ""] = LARGE.exec(unitText(unit)) ?? [];
  if (what === undefined || Math.abs(value) < 1000 || !Number.isFinite(value)) return undefined;
  const rounded = Number(value.toPrecision(3));
  const power = Math.min(PREFIXES.length - 1, Math.floor(Math.log10(Math.abs(rounded)) / 3));
  const short = what.startsWith("byte") ? "B" : what;
  const count = Number((rounded / 1000 ** power).toPrecision(3));
  return `${count}\u202f${PREFIXES[power]}${short}${rate}`;
}
