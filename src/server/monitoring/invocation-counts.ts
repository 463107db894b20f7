import type { InvocationRecord, InvocationStatus } from "../../core/invocation.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import type { MetricSample } from "./prometheus-text.ts";

interface ActionCount {
  readonly thing: string;
  readonly action: string;
  /** Invocations that have not ended, by id. */
  readonly running: Set<string>;
  readonly ended: Map<InvocationStatus, number>;
}

/** Of one Thing, which may add actions of ever other names while it runs. */
const MOST_ACTIONS = 3000;

/** Counts the invocations of every action, also of those that are long forgotten. */
export class InvocationCounts {
  readonly #host: ThingHost;
  readonly #counts: ActionCount[] = [];
  readonly #stops: (() => void)[];

  /** @param host - With all of its Things. */
  constructor(host: ThingHost) {
    this.#host = host;
    this.#stops = [...host.things.values()].map((hosted) => {
      const counts = new Map<string, ActionCount>();
      const countsOf = (action: string) => {
        const known = counts.get(action) ?? {
          ...{ thing: hosted.name, action, running: new Set(), ended: new Map() },
        };
        if (!counts.has(action) && counts.size < MOST_ACTIONS) {
          counts.set(action, known);
          this.#counts.push(known);
        }
        return known;
      };
      for (const action of hosted.model.actions.keys()) countsOf(action);
      return hosted.onInvocation((record) => count(record, countsOf(record.action)));
    });
  }

  /** Pending or running now, for each action. */
  running(): MetricSample[] {
    return this.#counts.map(({ thing, action, running }) => ({
      labels: { thing, action },
      value: running.size,
    }));
  }

  /** Ended since the start, for each action and status. */
  ended(): MetricSample[] {
    return this.#counts.flatMap(({ thing, action, ended }) =>
      [...ended].map(([status, value]) => ({ labels: { thing, action, status }, value })),
    );
  }

  /** The actions that ran at some time between two times, epoch ms. */
  ranBetween(from: number, to: number): string[] {
    const ran = this.#host.invocations
      .list()
      .filter(
        ({ timeStarted = Infinity, timeEnded = to }) => timeStarted <= to && timeEnded >= from,
      );
    return [...new Set(ran.map(({ thing, action }) => `action '${action}' of '${thing}'`))];
  }

  stop(): void {
    for (const stop of this.#stops) stop();
  }
}

function count({ id, status, finished }: InvocationRecord, counts: ActionCount): void {
  if (!finished) {
    counts.running.add(id);
  } else if (counts.running.delete(id)) {
    counts.ended.set(status, (counts.ended.get(status) ?? 0) + 1);
  }
}
