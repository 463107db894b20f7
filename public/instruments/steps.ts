import { distance } from "../style/quantities.ts";
import type { Axis, Steps } from "./stage-control.ts";

/** Which way of the stage moves the view to the right and down. */
export interface Directions {
  readonly right: Steps;
  readonly down: Steps;
}

/** Of a stage that is not calibrated: x to the right, y up. */
const USUAL: Directions = { right: { x: 1 }, down: { y: -1 } };

/** The ways that the arrows go, from the matrix of a calibration: steps for one pixel down, and for one to the right. */
export function directionsOf(matrix: unknown): Directions {
  if (!Array.isArray(matrix) || matrix.length !== 2) return USUAL;
  const [down, right] = matrix.map((row) => [Number(row?.[0]), Number(row?.[1])] as const);
  const isTurned = Math.abs(right![1]) > Math.abs(right![0]);
  const [across, along] = isTurned ? ([1, 0] as const) : ([0, 1] as const);
  const name = (index: 0 | 1): "x" | "y" => (index === 0 ? "x" : "y");
  const [toRight, toBottom] = [Math.sign(right![across]), Math.sign(down![along])];
  if (!toRight || !toBottom) return USUAL;
  return { right: { [name(across)]: toRight }, down: { [name(along)]: toBottom } };
}

/** What a key does to a stage: in units of a step. */
export function stepsOfKey(key: string, { right, down }: Directions): Steps | undefined {
  const ways: Readonly<Record<string, Steps>> = {
    ArrowRight: right,
    ArrowLeft: times(right, -1),
    ArrowDown: down,
    ArrowUp: times(down, -1),
    PageUp: { z: 1 },
    PageDown: { z: -1 },
  };
  return ways[key];
}

export function times(steps: Steps, factor: number): Steps {
  return Object.fromEntries(Object.entries(steps).map(([axis, n]) => [axis, n * factor]));
}

/** `−x`. */
export function wayText(steps: Steps): string {
  const [[axis, sign] = ["", 0]] = Object.entries(steps);
  return `${sign < 0 ? "−" : "+"}${axis}`;
}

/** `12.5 µm`, with its sign. */
export function micrometres(steps: number, size: number | undefined): string {
  if (size === undefined) return "";
  const length = Math.abs(steps * size);
  if (length === 0) return "0 µm";
  return `${steps < 0 ? "−" : ""}${distance(length)}`;
}

const MICROMETRES: Readonly<Record<string, number>> = { nm: 0.001, um: 1, mm: 1000 };

/** A number of steps, from what is typed: `500`, or a length such as `50 µm`. @param size - Of a step, micrometres. */
export function stepsIn(text: string, size?: number): number | undefined {
  const typed = text.trim().replace("−", "-");
  const [, amount = typed, unit] = /^(.+?)\s*([nuµμm]m)$/.exec(typed) ?? [];
  const number = amount === "" ? Number.NaN : Number(amount);
  const step = unit ? (MICROMETRES[unit.replace(/[µμ]/, "u")] ?? Number.NaN) / (size ?? 0) : 1;
  const steps = Math.round(number * step);
  return Number.isFinite(steps) ? steps : undefined;
}

export type { Axis };
