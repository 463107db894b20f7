import type { ThingHost } from "../../core/thing-host.ts";
import { RecordingCounts } from "../../recording/write/recording-counts.ts";
import type { MetricFamily } from "./prometheus-text.ts";

/** What each Thing that records has recorded and lost, and what could not be made of it. */
export function recorderMetrics(host: ThingHost): MetricFamily[] {
  const recorders = [...host.things.values()].flatMap(({ name, thing }) => {
    const counts = RecordingCounts.of(thing);
    return counts ? [{ labels: { thing: name }, counts }] : [];
  });
  return [
    {
      name: "thingscope_recorder_frames_total",
      type: "counter",
      help: "Frames that a Recorder has written to files.",
      samples: recorders.map(({ labels, counts }) => ({ labels, value: counts.recorded })),
    },
    {
      name: "thingscope_recorder_lost_frames_total",
      type: "counter",
      help: "Frames that a Recorder lost, by reason as in the ledgers.",
      samples: recorders.flatMap(({ labels, counts }) =>
        [...counts.lost].map(([reason, value]) => ({ labels: { ...labels, reason }, value })),
      ),
    },
    {
      name: "thingscope_recorder_failed_exports_total",
      type: "counter",
      help: "Exports to MP4 and WebM that failed, for recordings in a Recorder's folder.",
      samples: recorders.map(({ labels, counts }) => ({ labels, value: counts.exportsFailed })),
    },
  ];
}
