import { toDateTime, wallTime } from "../../base/clock.ts";
import { fleetClock } from "../../base/fleet-clock.ts";
import { type ClockStep, wallClock } from "../../base/wall-clock.ts";
import type { MetricFamily } from "./prometheus-text.ts";

/** How often the wall clock was set since the process began, or the computer slept. */
export interface ClockHealth {
  readonly steps: number;
  /** By how much in all, seconds; less than 0 for back. */
  readonly stepped: number;
  /** The last time, by the clock as it is now, and by how many seconds. */
  readonly lastStep: { readonly at: string; readonly by: number } | null;
}

export function clockHealth(): ClockHealth {
  wallClock.look();
  const { stepCount: steps, shiftMs, lastStep } = wallClock;
  return {
    steps,
    stepped: seconds(shiftMs),
    lastStep: lastStep
      ? { at: toDateTime(wallTime(lastStep.at)), by: seconds(lastStep.byMs) }
      : null,
  };
}

export function clockMetrics(): MetricFamily[] {
  const { steps, stepped, lastStep } = clockHealth();
  const gauges: readonly [string, string, number][] = [
    ["shift_seconds", "Total shift of the wall clock since the start.", stepped],
    ["last_step_seconds", "Shift of the wall clock in its last step.", lastStep?.by ?? 0],
  ];
  return [
    {
      name: "thingscope_wall_clock_steps_total",
      type: "counter",
      help: "How often the wall clock was set, or the computer slept.",
      samples: [{ value: steps }],
    },
    ...fleetMetrics(),
    ...gauges.map(([name, help, value]): MetricFamily => {
      return { name: `thingscope_wall_clock_${name}`, type: "gauge", help, samples: [{ value }] };
    }),
  ];
}

/** Of a member of a fleet, once it is measured. */
function fleetMetrics(): MetricFamily[] {
  const { offset } = fleetClock;
  if (!offset) return [];
  const labels = { reference: offset.reference };
  const gauge = (name: string, help: string, ms: number): MetricFamily => ({
    ...{ name: `thingscope_fleet_clock_${name}_seconds`, type: "gauge", help },
    samples: [{ labels, value: ms / 1000 }],
  });
  return [
    gauge("offset", "How far the clock is ahead of the fleet's.", offset.offsetMs),
    gauge("uncertainty", "How far off that may be.", offset.uncertaintyMs),
  ];
}

/** What the log says of a step. */
export function stepSentence({ at, byMs }: ClockStep): string {
  const [before, after] = [wallTime(at) - byMs, wallTime(at)].map(toDateTime);
  const way = byMs > 0 ? "forward" : "back";
  const why = byMs > 0 ? "It was set, or the computer slept." : "It was set.";
  return (
    `The wall clock went ${way} by ${(Math.abs(byMs) / 1000).toFixed(1)} s, from ${before} to ${after}. ${why} Times are given by the clock as it is now; ` +
    "ages, time limits and sessions are not affected, and the ledger of each running recording lists the step."
  );
}

function seconds(ms: number): number {
  return Math.round(ms / 10) / 100;
}
