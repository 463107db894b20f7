import { packagePath } from "../../src/base/package-root.ts";
import type { Sample } from "../load.ts";
import { runToEnd } from "../programs.ts";
import { type KindName, kindNamed, type Length, type Row } from "../row.ts";
import { LOAD_CORE, type Server } from "../servers.ts";
import { NOTIFICATIONS_HZ } from "./notifications-hz.ts";
import type { Plan } from "./request-load.ts";
import { WEB_KINDS } from "./servers.ts";

type Measured = Pick<Row, "steadyFigure" | "measure">;

const CONNECTIONS = 32;
const SUBSCRIBERS = 200;
const WARM_UP_SECONDS: Record<Length, number> = { smoke: 0.5, short: 2, full: 3 };
const SECONDS: Record<Length, number> = { smoke: 0.5, short: 2, full: 5 };

export const WEB_ROWS: readonly Row[] = [
  {
    ...{ id: "H1", group: "properties", title: "a number is read", isInSmoke: true },
    kinds: ["limit", "ours", "express", "node-wot", "labthings"],
    ...requests("GET", "gain"),
  },
  {
    ...{ id: "H2", group: "properties", title: "a number is written" },
    kinds: ["limit", "ours", "express", "node-wot", "labthings"],
    ...requests("PUT", "gain", { body: "7" }),
  },
  {
    ...{ id: "A1", group: "actions", title: "an action answers with its output" },
    kinds: ["limit", "ours", "express", "node-wot"],
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
    isInSmoke: true,
    kinds: ["limit", "ours", "labthings"],
    ...notifications("ws", ({ url }) => `${url.replace("http:", "ws:")}bench/ws`),
  },
];

/** node-wot's folders; the others have the path of LabThings. */
function pathOf(kind: KindName, affordance: string): string {
  if (kind !== "node-wot") return `bench/${affordance}`;
  return `bench/${affordance === "gain" ? "properties" : "actions"}/${affordance}`;
}

function requests(
  method: Plan["method"],
  affordance: string,
  more: Pick<Plan, "body" | "untilEnded"> = {},
): Measured {
  return {
    steadyFigure: "per_second",
    measure: onServer(async ({ url, pid }, kind, length) => {
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
    }),
  };
}

function notifications(protocol: "sse" | "ws", urlOf: (server: Server) => string): Measured {
  return {
    steadyFigure: "p50_us",
    measure: onServer(async (server, _, length) => {
      const seconds = SECONDS[length];
      const rest = [protocol, urlOf(server), String(SUBSCRIBERS), String(seconds)];
      const told = await loaded("listeners.js", ...rest, String(server.pid));
      const { p50 = 0, p99 = 0, heard = 0, cpu = 0 } = told;
      const per_second = heard / seconds;
      return { per_second, p50_us: p50, p99_us: p99, cpu_us_per_request: cpu };
    }),
  };
}

/** Starts the server of a kind for the time of a measurement. */
function onServer(
  measure: (server: Server, kind: KindName, length: Length) => Promise<Sample>,
): Row["measure"] {
  return async (kind, length) => {
    const server = await kindNamed(WEB_KINDS, kind).start();
    try {
      return await measure(server, kind, length);
    } finally {
      await server.stop();
    }
  };
}

/** How many messages a second all listeners together are to hear. */
export const EXPECTED_PER_SECOND = SUBSCRIBERS * NOTIFICATIONS_HZ;

async function loaded(script: string, ...rest: string[]): Promise<Sample> {
  const path = packagePath("dist", "bench", script);
  return JSON.parse(await runToEnd(LOAD_CORE, [process.execPath, path, ...rest]));
}
