import { readdirSync } from "node:fs";
import { wallTime } from "../../base/clock.ts";
import { limitHits } from "../../base/limit-hits.ts";
import { slowReaderCounts } from "../../base/slow-readers.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import type { LoginCounts } from "../access/login/login.ts";
import { openFilesLimit } from "../http/listen.ts";
import type { EventStreamCounts } from "../http/sse.ts";
import { hostedStreams, streamHealthOf } from "../streams/health.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import type { WebSocketStats } from "../websocket/server.ts";
import { clockMetrics } from "./clock-health.ts";
import type { EventLoopWatch } from "./event-loop.ts";
import type { InvocationCounts } from "./invocation-counts.ts";
import type { MetricFamily } from "./prometheus-text.ts";
import { recorderMetrics } from "./recorder-metrics.ts";
import { streamMetrics } from "./stream-metrics.ts";
import { workMetrics } from "./work-metrics.ts";

interface MetricSources {
  readonly host: ThingHost;
  readonly eventLoop: EventLoopWatch;
  readonly invocations: InvocationCounts;
  readonly webSockets: WebSocketStats;
  readonly eventStreams: EventStreamCounts;
  readonly webhooks?: Webhooks | undefined;
  /** Turned away because there were too many. */
  readonly droppedConnections: number;
  /** Where somebody has to log in. */
  readonly logins?: LoginCounts | undefined;
}

/** What Prometheus is told of Things, streams, invocations and the process. */
export function metricsOf({
  host,
  eventLoop,
  invocations,
  webSockets,
  eventStreams,
  webhooks,
  droppedConnections,
  logins,
}: MetricSources): MetricFamily[] {
  const streams = hostedStreams(host).map((hosted) => {
    return {
      ...hosted,
      health: streamHealthOf(hosted.stream, hosted.life),
      stats: hosted.stream.stats,
    };
  });
  const faulty = new Set(
    streams.filter(({ health }) => health.reason !== undefined).map(({ thing }) => thing),
  );
  return [
    {
      name: "thingscope_thing_open",
      type: "gauge",
      help: "1 while the Thing is open and none of its sources has stalled, is disconnected or has failed.",
      samples: [...host.things.values()].map(({ name, state }) => ({
        labels: { thing: name },
        value: Number(state === "open" && !faulty.has(name)),
      })),
    },
    {
      name: "thingscope_thing_faults_total",
      type: "counter",
      help: "Failures of a Thing's own code, by member; 'background' is code that it left running.",
      samples: [...host.things.values()].flatMap(({ name, faults }) =>
        [...faults.counts].map(([member, value]) => ({ labels: { thing: name, member }, value })),
      ),
    },
    {
      name: "thingscope_thing_disconnections_total",
      type: "counter",
      help: "How often a Thing that was open became disconnected.",
      samples: [...host.things.values()].map(({ name, disconnections }) => ({
        labels: { thing: name },
        value: disconnections,
      })),
    },
    ...streamMetrics(streams),
    ...recorderMetrics(host),
    ...workMetrics(host),
    {
      name: "thingscope_invocations_running",
      type: "gauge",
      help: "Invocations that are pending or running.",
      samples: invocations.running(),
    },
    {
      name: "thingscope_invocations_total",
      type: "counter",
      help: "Invocations that have ended, by how they ended.",
      samples: invocations.ended(),
    },
    single(
      "thingscope_dropped_connections_total",
      "counter",
      "Connections refused because there were too many.",
      droppedConnections,
    ),
    limitMetrics(),
    slowReaderMetrics(),
    ...(logins ? loginMetrics(logins) : []),
    ...webSocketMetrics(webSockets),
    ...eventStreamMetrics(eventStreams),
    ...(webhooks ? webhookMetrics(webhooks) : []),
    ...eventLoopMetrics(eventLoop),
    ...clockMetrics(),
    ...processMetrics(),
  ];
}

function limitMetrics(): MetricFamily {
  return {
    name: "thingscope_limit_hits_total",
    type: "counter",
    help: "How often a limit was reached, by its name in docs/limits.md.",
    samples: [...limitHits()].map(([limit, value]) => ({ labels: { limit }, value })),
  };
}

function slowReaderMetrics(): MetricFamily {
  return {
    name: "thingscope_slow_readers_total",
    type: "counter",
    help: "Readers that were too slow, by outcome.",
    samples: slowReaderCounts().map(({ reader, outcome, count }) => {
      return { labels: { reader, outcome }, value: count };
    }),
  };
}

function loginMetrics({ failed, refused }: LoginCounts): MetricFamily[] {
  const wrong = "Wrong passwords, tokens and codes.";
  const tooMany = "Login attempts refused because there were too many.";
  return [
    single("thingscope_login_failures_total", "counter", wrong, failed),
    single("thingscope_login_refused_attempts_total", "counter", tooMany, refused),
  ];
}

function webSocketMetrics({
  connections,
  opened,
  replaced,
  ended,
}: WebSocketStats): MetricFamily[] {
  const prefix = "thingscope_websocket";
  return [
    single(`${prefix}_connections`, "gauge", "WebSockets open now.", connections),
    single(`${prefix}_opened_total`, "counter", "WebSockets opened.", opened),
    single(
      `${prefix}_replaced_messages_total`,
      "counter",
      "Messages replaced by a newer one, for slow readers.",
      replaced,
    ),
    single(`${prefix}_ended_total`, "counter", "WebSockets closed by the server's limits.", ended),
  ];
}

function eventStreamMetrics({ readers, dropped, gaps }: EventStreamCounts): MetricFamily[] {
  const prefix = "thingscope_event_stream";
  const late = "Times a reader asked for notifications that were no longer held.";
  return [
    single(`${prefix}_readers`, "gauge", "Readers of server-sent notifications.", readers),
    single(
      `${prefix}_dropped_total`,
      "counter",
      "Readers dropped because they were too slow.",
      dropped,
    ),
    single(`${prefix}_gaps_total`, "counter", late, gaps),
  ];
}

function webhookMetrics({ subscriptions, counts }: Webhooks): MetricFamily[] {
  const { delivered, failed, skipped } = counts;
  const prefix = "thingscope_webhook";
  const late = "Times a webhook was so slow that it missed notifications.";
  return [
    single(`${prefix}_subscriptions`, "gauge", "Webhooks subscribed.", subscriptions),
    single(`${prefix}_delivered_total`, "counter", "Notifications delivered.", delivered),
    single(`${prefix}_failed_total`, "counter", "Notifications not delivered.", failed),
    single(`${prefix}_skips_total`, "counter", late, skipped),
  ];
}

function eventLoopMetrics({ delay, lateness, blocks, blockedMs }: EventLoopWatch): MetricFamily[] {
  const prefix = "thingscope_event_loop";
  const window = "over the last 10 to 20 s";
  return [
    single(`${prefix}_delay_mean_seconds`, "gauge", `Mean delay, ${window}.`, delay.mean / 1000),
    single(`${prefix}_delay_p99_seconds`, "gauge", `99th percentile, ${window}.`, delay.p99 / 1000),
    single(`${prefix}_delay_max_seconds`, "gauge", `Longest delay, ${window}.`, delay.max / 1000),
    {
      name: `${prefix}_delay_seconds`,
      type: "histogram",
      help: "How late each tick of 100 ms was, since the start.",
      samples: lateness.samples,
    },
    single(
      `${prefix}_blocks_total`,
      "counter",
      "Times it was blocked for at least 200 ms.",
      blocks,
    ),
    single(
      `${prefix}_blocked_seconds_total`,
      "counter",
      "Total time it was blocked.",
      blockedMs / 1000,
    ),
  ];
}

function single(
  name: string,
  type: MetricFamily["type"],
  help: string,
  value: number,
): MetricFamily {
  return { name, type, help, samples: [{ value }] };
}

/** Memory, CPU time and files of this process, under the names that Prometheus' own clients use. */
function processMetrics(): MetricFamily[] {
  const memory = process.memoryUsage();
  const { user, system } = process.cpuUsage();
  const files = openFiles();
  const limit = openFilesLimit();
  const metrics: [string, MetricFamily["type"], string, number | undefined][] = [
    ["process_cpu_seconds_total", "counter", "CPU time, user and system.", (user + system) / 1e6],
    ["process_resident_memory_bytes", "gauge", "Resident memory.", memory.rss],
    ["process_open_fds", "gauge", "Open file descriptors.", files],
    ["process_max_fds", "gauge", "File descriptors allowed.", limit],
    [
      "process_start_time_seconds",
      "gauge",
      "Start, Unix time.",
      wallTime(performance.timeOrigin) / 1000,
    ],
    ["nodejs_heap_size_used_bytes", "gauge", "JavaScript heap in use.", memory.heapUsed],
    ["nodejs_external_memory_bytes", "gauge", "Memory outside the heap.", memory.external],
  ];
  return metrics.map(([name, type, help, value]) => ({
    name,
    type,
    help,
    samples: value === undefined || !Number.isFinite(value) ? [] : [{ value }],
  }));
}

function openFiles(): number | undefined {
  try {
    return readdirSync("/proc/self/fd").length - 1; // one is that of reading the folder
  } catch {
    return undefined; // no such folder: another system than Linux
  }
}
