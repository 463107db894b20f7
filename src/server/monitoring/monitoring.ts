import type { Server } from "node:http";
import { now } from "../../base/clock.ts";
import type { Log } from "../../base/log.ts";
import { type ClockStep, wallClock } from "../../base/wall-clock.ts";
import type { ThingHost } from "../../core/thing-host.ts";
import type { LoginCounts } from "../access/login/login.ts";
import { covers } from "../http/identity.ts";
import { JSON_TYPE, type Route } from "../http/route.ts";
import type { EventStreamCounts } from "../http/sse.ts";
import type { Webhooks } from "../webhooks/webhooks.ts";
import type { WebSocketStats } from "../websocket/server.ts";
import { stepSentence } from "./clock-health.ts";
import { EventLoopWatch } from "./event-loop.ts";
import type { FleetHealth } from "./fleet-health.ts";
import { type Health, healthOf } from "./health.ts";
import { InvocationCounts } from "./invocation-counts.ts";
import { metricsOf } from "./metrics.ts";
import { PROMETHEUS_TYPE, prometheusText } from "./prometheus-text.ts";

interface MonitoringOptions {
  /** With all of its Things. */
  readonly host: ThingHost;
  readonly log: Log;
  readonly webSockets: () => WebSocketStats;
  readonly eventStreams: EventStreamCounts;
  readonly webhooks?: Webhooks | undefined;
  /** Where somebody has to log in. Whoever has not is told only whether all is well. */
  readonly logins?: LoginCounts | undefined;
  /** How the fleet does that the server belongs to. */
  readonly fleet?: (() => FleetHealth) | undefined;
}

/** Sees how a server does, for `/health` and `/metrics`, until it is stopped. */
export class Monitoring {
  readonly #host: ThingHost;
  readonly #webSockets: () => WebSocketStats;
  readonly #eventStreams: EventStreamCounts;
  readonly #webhooks: Webhooks | undefined;
  readonly #logins: LoginCounts | undefined;
  readonly #fleet: (() => FleetHealth) | undefined;
  readonly #requests = new RecentRequests();
  readonly #invocations: InvocationCounts;
  readonly #eventLoop: EventLoopWatch;
  readonly #log: Log;
  #unwatchClock = () => {};
  #droppedConnections = 0;

  constructor({ host, log, webSockets, eventStreams, webhooks, logins, fleet }: MonitoringOptions) {
    this.#host = host;
    this.#log = log;
    this.#webSockets = webSockets;
    this.#eventStreams = eventStreams;
    this.#webhooks = webhooks;
    this.#logins = logins;
    this.#fleet = fleet;
    this.#invocations = new InvocationCounts(host);
    this.#eventLoop = new EventLoopWatch({
      log,
      doneBetween: (from, to) => [
        ...this.#requests.between(from, to),
        ...this.#invocations.ranBetween(from, to),
      ],
    });
  }

  /** The routes that show it, outside any prefix: programs look for them there. */
  get routes(): Route[] {
    return [
      {
        method: "GET",
        path: "/health",
        role: "none",
        summary: "Whether all Things are open and all streams deliver frames",
        response: { status: 200, contentType: JSON_TYPE },
        page: "document.html",
        handle: async ({ identity }) => {
          const health = this.health();
          const isStranger = this.#logins && !(identity && covers(identity.role, "view"));
          return { status: 200, body: isStranger ? { status: health.status } : health };
        },
      },
      {
        method: "GET",
        path: "/metrics",
        role: "view",
        summary: "Rates, ages, viewers and losses of every stream, for Prometheus",
        response: { status: 200, contentType: PROMETHEUS_TYPE },
        handle: async () => ({ status: 200, body: this.metrics(), contentType: PROMETHEUS_TYPE }),
      },
    ];
  }

  /** Remembers what a server is asked for, in case the event loop is found blocked, and counts whom it turns away. */
  watch(server: Server): void {
    server.prependListener("request", ({ method = "", url = "" }) => {
      this.#requests.note(method, url);
    });
    server.on("drop", () => {
      this.#droppedConnections += 1;
    });
  }

  health(): Health {
    return healthOf(this.#host, this.#eventLoop.delay, this.#fleet?.());
  }

  /** In Prometheus' text format. */
  metrics(): string {
    return prometheusText(
      metricsOf({
        host: this.#host,
        eventLoop: this.#eventLoop,
        invocations: this.#invocations,
        webSockets: this.#webSockets(),
        eventStreams: this.#eventStreams,
        webhooks: this.#webhooks,
        droppedConnections: this.#droppedConnections,
        logins: this.#logins,
      }),
    );
  }

  /** All Things are open: from now on the event loop and the wall clock are watched. */
  start(): void {
    this.#unwatchClock();
    this.#unwatchClock = watchWallClock((step) => this.#log.warn(stepSentence(step)));
    this.#eventLoop.start();
  }

  stop(): void {
    this.#unwatchClock();
    this.#eventLoop.stop();
    this.#invocations.stop();
  }
}

const KEPT = 64;

interface Entry {
  readonly method: string;
  readonly url: string;
  readonly at: number;
}

/** The last requests by name and time, to find who was served when something went wrong. */
class RecentRequests {
  readonly #entries: Entry[] = [];
  #noted = 0;

  note(method: string, url: string): void {
    this.#entries[this.#noted++ % KEPT] = { method, url, at: now() };
  }

  /** Those that began between two times, each name once. A query is left out: it may hold secrets. */
  between(from: number, to: number): string[] {
    const found = this.#entries.filter(({ at }) => at >= from && at <= to);
    const names = found.sort((a, b) => a.at - b.at).map(nameOf);
    return [...new Set(names)];
  }
}

function nameOf({ method, url }: Entry): string {
  return `${method} ${url.split("?")[0]!.slice(0, 100)}`;
}

const LOOK_EVERY_MS = 1000;

/** Looks at the wall clock each second, though nobody asks for a time, and tells of each step. Returns how to end that. */
export function watchWallClock(listener: (step: ClockStep) => void): () => void {
  const end = wallClock.onStep(listener);
  const looking = setInterval(() => wallClock.look(), LOOK_EVERY_MS).unref();
  return () => {
    clearInterval(looking);
    end();
  };
}
