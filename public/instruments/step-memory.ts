/** Sizes of a step, in steps: of x and y, and of z. They are remembered by the browser. */
export type StepKind = "xy" | "z";

const FIRST = { xy: 100, z: 50 } as const;
const steps = new Map<StepKind, number>();

export function stepOf(kind: StepKind): number {
  return steps.get(kind) ?? remembered(kind) ?? FIRST[kind];
}

export function setStep(kind: StepKind, step: number): void {
  const whole = Math.max(1, Math.round(step));
  steps.set(kind, whole);
  try {
    localStorage.setItem(`step-${kind}`, String(whole));
  } catch {
    // a browser that remembers nothing
  }
}

function remembered(kind: StepKind): number | undefined {
  try {
    const step = Number(localStorage.getItem(`step-${kind}`));
    return Number.isInteger(step) && step > 0 ? step : undefined;
  } catch {
    return undefined;
  }
}
