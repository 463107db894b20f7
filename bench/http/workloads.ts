import { packagePath } from "../../src/base/package-root.ts";
import type { Sample } from "../load.ts";
import { runToEnd } from "../programs.ts";
import { LOAD_CORE, type Server } from "../servers.ts";
import type { Length } from "../workloads.ts";
import { NOTIFICATIONS_HZ } from "./notifications-hz.ts";
import type { Plan } from "./request-load.ts";
import type { WebKind } from "./servers.ts";

/** One row of the bench of web servers. */
export interface WebWorkload {
  readonly id: string;
  /** The rows that `--only` takes by one word. */
  readonly group: "properties" | "actions" | "notifications";
  readonly title: string;
  readonly kinds: readonly WebKind["name"][];
  /** The figure of the limit whose spread tells how quiet the machine was. */
  readonly steadyFigure: string;
  measure(server: Server, kind: WebKind["name"], length: Length): Promise<Sample>;
}

const CONNECTIONS = 32;
const SUBSCRIBERS = 200;
const WARM_UP_SECONDS: Record<Length, number> = { smoke: 0.5, short: 2, full: 3 };
const SECONDS: Record<Length, number> = { smoke: 0.5, short: 2, full: 5 };

export const WEB_WORKLOADS: readonly WebWorkload[] = [
  {
    ...{ id: "H1", group: "properties", title: "a number is read" },
    kinds: ["limit", "ours", "node-wot", "labthings"],
    ...requests("GET", "gain"),
  },
  {
    ...{ id: "H2", group: "properties", title: "a number is written" },
    kinds: ["limit", "ours", "node-wot", "labthings"],
    ...requests("PUT", "gain", { body: "7" }),
  },
  {
    ...{ id: "A1", group: "actions", title: "an action answers with its output" },
    kinds: ["limit", "ours", "node-wot"],
    ...requests("POST", "sum", { body: '{"a":2,"b":3}' }),
  },
  {
    ...{
      id: "A2",
      group: "actions",
      title: "an action is invoked, and asked about until it ended",
    },
    kinds: ["ours", "labthings"],
    ...requests("POST", "add", { body: '{"a":2,"b":3}', untilEnded: true }),
  },
  {
    ...{ id: "E1", group: "notifications", title: `${SUBSCRIBERS} listeners, server-sent events` },
    kinds: ["limit", "ours"],
    ...notifications("sse", ({ url }) => `${url}bench/ticked`),
  },
  {
    ...{ id: "E2", group: "notifications", title: `${SUBSCRIBERS} listeners, WebSocket` },
    kinds: ["limit", "ours", "labthings"],
    ...notifications("ws", ({ url }) => `${url.replace("http:", "ws:")}bench/ws`),
  },
];

/** node-wot's folders; the others have the path of LabThings. */
function pathOf(kind: WebKind["name"], affordance: string): string {
  if (kind !== "node-wot") return `bench/${affordance}`;
  return `bench/${affordance === "gain" ? "properties" : "actions"}/${affordance}`;
}

function requests(
  method: Plan["method"],
  affordance: string,
  more: Pick<Plan, "body" | "untilEnded"> = {},
): Pick<WebWorkload, "steadyFigure" | "measure"> {
  return {
    steadyFigure: "per_second",
    async measure({ url, pid }, kind, length) {
      const plan: Plan = {
        ...more,
        method,
        url: url + pathOf(kind, affordance),
        pid,
        connections: CONNECTIONS,
        warmUpSeconds: WARM_UP_SECONDS[length],
        seconds: SECONDS[length],
      };
      return loaded("http/request-load.js", JSON.stringify(plan));
    },
  };
}

function notifications(
  protocol: "sse" | "ws",
  urlOf: (server: Server) => string,
): Pick<WebWorkload, "steadyFigure" | "measure"> {
  return {
    steadyFigure: "p50_us",
    async measure(server, _, length) {
      const seconds = SECONDS[length];
      const rest = [protocol, urlOf(server), String(SUBSCRIBERS), String(seconds)];
      const told = await loaded("listeners.js", ...rest, String(server.pid));
      const { p50 = 0, p99 = 0, heard = 0, cpu = 0 } = told;
      const per_second = heard / seconds;
      return { per_second, p50_us: p50, p99_us: p99, cpu_us_per_request: cpu };
    },
  };
}

/** How many messages a second all listeners together are to hear. */
export const EXPECTED_PER_SECOND = SUBSCRIBERS * NOTIFICATIONS_HZ;

async function loaded(script: string, ...rest: string[]): Promise<Sample> {
  const path = packagePath("dist", "bench", script);
  return JSON.parse(await runToEnd(LOAD_CORE, [process.execPath, path, ...rest]));
}
