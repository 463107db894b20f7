import type { SourcePhase } from "../../outputs/source-state.ts";
import type { StreamHealth } from "../streams/health.ts";
import type { MetricFamily } from "./prometheus-text.ts";

const PHASES: readonly SourcePhase[] = ["idle", "starting", "live", "stalled", "failed"];

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: StreamHealth;
}

/** What the sources of streams do: one of five states each, and the reason of one that gives no frames. */
export function sourceMetrics(streams: readonly Labelled[]): MetricFamily[] {
  return [
    {
      name: "thingscope_stream_state",
      type: "gauge",
      help: "1 for what the stream's source does: idle, starting, live, stalled or failed.",
      samples: streams.flatMap(({ labels, health }) =>
        PHASES.map((state) => ({
          labels: { ...labels, state },
          value: Number(health.state === state),
        })),
      ),
    },
    {
      name: "thingscope_stream_fault",
      type: "gauge",
      help: "1 for a source that has stalled or failed, with the reason.",
      samples: streams.flatMap(({ labels, health: { state, reason } }) =>
        reason === undefined ? [] : [{ labels: { ...labels, state, reason }, value: 1 }],
      ),
    },
  ];
}
