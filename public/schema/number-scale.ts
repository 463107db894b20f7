import type { Schema } from "../things/td.ts";

/** Positions of a slider, and the numbers that they stand for. */
export interface Scale {
  /** From 0 to here. */
  readonly positions: number;
  numberAt(position: number): number;
  positionOf(value: number): number;
}

/** From here on a range spans so much that equal ways on the slider are equal factors. */
const LOGARITHMIC = 1000;
/** Positions where the numbers lie close. */
const FINE = 1000;
/** With more steps than that a slider hits none of them. */
const MOST_STEPS = 100_000;
/** A range that spans more is that of a kind of numbers, not of a device. */
const WIDEST = 1e15;

/** A slider's positions; undefined for a number without two limits, or with too many steps between them. */
export function scaleOf(schema: Schema): Scale | undefined {
  const [low, high] = limitsOf(schema);
  if (low === undefined || high === undefined || !(low < high)) return undefined;
  const step = stepOf(schema);
  const steps = step === undefined ? FINE : Math.round((high - low) / step);
  if (high - low > WIDEST) return undefined;
  if (low > 0 && high / low >= LOGARITHMIC) return logarithmic(schema, low, high);
  if (steps > MOST_STEPS) return undefined;
  return {
    positions: steps,
    numberAt: (position) => nearest(schema, low + ((high - low) * position) / steps),
    positionOf: (value) => Math.round((steps * (clamp(value, low, high) - low)) / (high - low)),
  };
}

function logarithmic(schema: Schema, low: number, high: number): Scale {
  const factor = Math.log(high / low);
  return {
    positions: FINE,
    numberAt: (position) => nearest(schema, low * Math.exp((factor * position) / FINE)),
    positionOf: (value) => Math.round((FINE * Math.log(clamp(value, low, high) / low)) / factor),
  };
}

/** What the number must be a multiple of. */
function stepOf({ type, multipleOf }: Schema): number | undefined {
  if (multipleOf !== undefined && multipleOf > 0) return multipleOf;
  return type === "integer" ? 1 : undefined;
}

/** How far an arrow key goes. */
export function arrowStep(schema: Schema): number {
  const [low, high] = limitsOf(schema);
  const step = stepOf(schema);
  if (step !== undefined) return step;
  if (low === undefined || high === undefined || !(low < high) || high - low > WIDEST) return 1;
  return 10 ** Math.floor(Math.log10((high - low) / 50));
}

/** The number nearest to one that the schema allows, in few digits. */
export function nearest(schema: Schema, value: number): number {
  const [low = -Infinity, high = Infinity] = limitsOf(schema);
  const step = stepOf(schema);
  const inside = clamp(value, low, high);
  if (step === undefined) return inside === value ? rounded(value, high - low) : inside;
  const steps = Math.round(inside / step);
  const n = clamp(steps, Math.ceil(low / step - 1e-9), Math.floor(high / step + 1e-9));
  return withoutNoise(n * step);
}

/** Lowest and highest allowed number. */
export function limitsOf(schema: Schema): readonly [number | undefined, number | undefined] {
  const { minimum, maximum, exclusiveMinimum, exclusiveMaximum } = schema;
  const step = stepOf(schema);
  const span = (maximum ?? exclusiveMaximum ?? 1) - (minimum ?? exclusiveMinimum ?? 0);
  const inward = step ?? Math.abs(span) / FINE;
  const above = exclusiveMinimum === undefined ? undefined : next(exclusiveMinimum, inward, step);
  const below = exclusiveMaximum === undefined ? undefined : -next(-exclusiveMaximum, inward, step);
  return [larger(minimum, above), smaller(maximum, below)];
}

/** The first one behind a limit that is not reached. */
function next(limit: number, inward: number, step: number | undefined): number {
  if (step === undefined) return withoutNoise(limit + inward);
  return withoutNoise((Math.floor(limit / step + 1e-9) + 1) * step);
}

function larger(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.max(a, b);
}

function smaller(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}

/** Three or four digits of what a slider's position says. */
function rounded(value: number, span: number): number {
  if (value === 0) return 0;
  const digit = Number.isFinite(span) && span > 0 ? Math.min(span, Math.abs(value) * 10) : value;
  const places = -Math.floor(Math.log10(Math.abs(digit) / FINE));
  return places > 15 ? value : Number(value.toFixed(Math.max(0, places)));
}

function withoutNoise(value: number): number {
  return Number.isInteger(value) ? value : Number(value.toPrecision(12));
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(high, Math.max(low, value));
}
