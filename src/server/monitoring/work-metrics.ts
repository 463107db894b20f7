import type { ThingHost } from "../../core/thing-host.ts";
import { TicketCounts } from "../../work/ticket-counts.ts";
import type { MetricFamily } from "./prometheus-text.ts";

/** The sums of each work queue: wanted is done + failed + dropped + open. */
export function workMetrics(host: ThingHost): MetricFamily[] {
  const queues = [...host.things.values()].flatMap(({ name, thing }) => {
    const counts = TicketCounts.of(thing);
    return counts ? [{ labels: { thing: name }, counts }] : [];
  });
  const one = (
    name: string,
    type: MetricFamily["type"],
    help: string,
    amountOf: (counts: TicketCounts) => number,
  ): MetricFamily => ({
    ...{ name: `thingscope_work_${name}`, type, help },
    samples: queues.map(({ labels, counts }) => ({ labels, value: amountOf(counts) })),
  });
  const states = ["done", "failed", "dropped"] as const;
  return [
    one("wanted_total", "counter", "Tickets of a work queue.", ({ wanted }) => wanted),
    {
      name: "thingscope_work_ended_total",
      type: "counter",
      help: "Tickets that have ended, by how.",
      samples: queues.flatMap(({ labels, counts }) =>
        states.map((state) => ({ labels: { ...labels, state }, value: counts[state] })),
      ),
    },
    {
      name: "thingscope_work_dropped_total",
      type: "counter",
      help: "Tickets that were dropped, by cause.",
      samples: queues.flatMap(({ labels, counts }) =>
        [...counts.causes].map(([cause, value]) => ({ labels: { ...labels, cause }, value })),
      ),
    },
    one("open", "gauge", "Tickets that have not ended.", ({ open }) => open),
    one("missed_total", "counter", "Frames that never became tickets.", ({ missed }) => missed),
    {
      name: "thingscope_work_reports_total",
      type: "counter",
      help: "Reports of workers, by what became of them.",
      samples: queues.flatMap(({ labels, counts }) =>
        [...counts.reports].map(([outcome, value]) => ({ labels: { ...labels, outcome }, value })),
      ),
    },
    one(
      "lost_by_nats_total",
      "counter",
      "Open tickets that NATS did not have any more, and was given again.",
      ({ lostByNats }) => lostByNats,
    ),
    one(
      "rebuilds_total",
      "counter",
      "Times that a consumer of NATS was stuck or gone, and made again.",
      ({ rebuilds }) => rebuilds,
    ),
  ];
}
