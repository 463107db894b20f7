import { SOURCE_PHASES } from "../../streams/source-state.ts";
import type { StreamStats } from "../../streams/stream-options.ts";
import type { HostedStream, StreamHealth } from "../streams/health.ts";
import type { MetricFamily, MetricSample } from "./prometheus-text.ts";

interface MeasuredStream extends HostedStream {
  readonly health: StreamHealth;
  readonly stats: StreamStats;
}

/** Rates, ages, viewers and losses of each stream, and what its source does. */
export function streamMetrics(measured: readonly MeasuredStream[]): MetricFamily[] {
  const streams = measured.map(({ thing, name, health, stats }) => {
    return { labels: { thing, stream: name }, health, stats };
  });
  const families = STREAM_METRICS.map(
    ([name, type, help, read]): MetricFamily => ({
      name: `thingscope_stream_${name}`,
      type,
      help,
      samples: streams.flatMap(({ labels, health, stats }): MetricSample[] => {
        const value = read(health, stats);
        return value === null ? [] : [{ labels, value }];
      }),
    }),
  );
  const refused: MetricFamily = {
    name: "thingscope_stream_refused_frames_total",
    type: "counter",
    help: "Frames refused, by reason.",
    samples: streams.flatMap(({ labels, stats }) =>
      Object.entries(stats.refused).map(([reason, value]) => ({
        labels: { ...labels, reason },
        value,
      })),
    ),
  };
  return [...families, refused, ...sourceMetrics(streams)];
}

type StreamMetric = [
  name: string,
  type: MetricFamily["type"],
  help: string,
  value: (health: StreamHealth, stats: StreamStats) => number | null,
];

const STREAM_METRICS: readonly StreamMetric[] = [
  ["running", "gauge", "1 while frames arrive.", ({ running }) => Number(running)],
  ["rate_hertz", "gauge", "Frames per second, over the last seconds.", ({ rate }) => rate],
  ["age_seconds", "gauge", "Time since the newest frame was captured.", ({ age }) => age],
  [
    "jitter_seconds",
    "gauge",
    "Mean absolute deviation of the times between frames.",
    ({ jitter }) => jitter && jitter / 1000,
  ],
  ["viewers", "gauge", "Current viewers.", ({ viewers }) => viewers],
  ["demand", "gauge", "Viewers, readers, recorders and encodes.", ({ demand }) => demand],
  ["frames_total", "counter", "Frames accepted.", (_, { added }) => added],
  ["bytes_total", "counter", "Bytes of accepted frames.", (_, { addedBytes }) => addedBytes],
  ["sent_frames_total", "counter", "Frames written to viewers.", (_, s) => s.sentFrames],
  [
    "skipped_frames_total",
    "counter",
    "Frames skipped for slow viewers.",
    (_, s) => s.skippedFrames,
  ],
  ["refused_viewers_total", "counter", "Viewers refused: too many.", (_, s) => s.refusedViewers],
  [
    "stalled_viewers_total",
    "counter",
    "Viewers ended: they read nothing.",
    (_, s) => s.endedStalled,
  ],
  ["encodes_total", "counter", "Frames made smaller for viewers.", (_, s) => s.encodes],
  [
    "encode_failures_total",
    "counter",
    "Frames that could not be made smaller.",
    (_, s) => s.encodeFailures,
  ],
  ["source_lost_frames_total", "counter", "Frames lost by the source.", (_, s) => s.lostBySource],
  [
    "source_outages_total",
    "counter",
    "How often the source's frames stopped: it failed, or stalled.",
    (_, s) => s.outages,
  ],
  [
    "mended_frames_total",
    "counter",
    "Frames that had two start markers or no end marker, and were put right.",
    (_, s) => s.mended,
  ],
  [
    "unchanged_pictures_total",
    "counter",
    "Pictures that were there already, where the source asks for one again and again.",
    (_, s) => s.unchangedPictures,
  ],
  [
    "skipped_parts_total",
    "counter",
    "Parts of the source's stream that were no pictures.",
    (_, s) => s.partsSkipped,
  ],
  ["corrected_times_total", "counter", "Capture times corrected.", (_, s) => s.correctedTimes],
];

interface Labelled {
  readonly labels: Readonly<Record<string, string>>;
  readonly health: StreamHealth;
}

/** What the sources of streams do: one of six states each, and the reason of one that gives no frames. */
function sourceMetrics(streams: readonly Labelled[]): MetricFamily[] {
  return [
    {
      name: "thingscope_stream_state",
      type: "gauge",
      help: "1 for the state of the stream's source: idle, opening, streaming, stalled, disconnected or failed.",
      samples: streams.flatMap(({ labels, health }) =>
        SOURCE_PHASES.map((state) => ({
          labels: { ...labels, state },
          value: Number(health.state === state),
        })),
      ),
    },
    {
      name: "thingscope_stream_fault",
      type: "gauge",
      help: "1 for a source that has stalled, is disconnected or has failed, with the reason.",
      samples: streams.flatMap(({ labels, health: { state, reason } }) =>
        reason === undefined ? [] : [{ labels: { ...labels, state, reason }, value: 1 }],
      ),
    },
  ];
}
