import { ThingError } from "../base/errors.ts";
import type { ThingHost } from "../core/thing-host.ts";
import { problemOf } from "./problem.ts";
import { PROBLEM_TYPE, type Route } from "./route.ts";

/** The places of the WebSockets in the table of routes: who may open one, and what a plain GET is told. */
export function webSocketRoutes(host: ThingHost, prefix: string): Route[] {
  return [...host.things.keys()].map((name): Route => {
    const path = `${prefix}/${name}/ws`;
    return {
      method: "GET",
      path,
      role: "view",
      summary: `Observe properties and actions of ${name} over WebSocket`,
      response: { status: 101 },
      handle: async () => ({
        status: 426,
        body: problemOf(upgradeRequired(path), path),
        contentType: PROBLEM_TYPE,
        headers: { Connection: "Upgrade", Upgrade: "websocket" },
      }),
    };
  });
}

function upgradeRequired(path: string): ThingError {
  return new ThingError(
    "UPGRADE_REQUIRED",
    `${path} is a WebSocket. Open it with one: new WebSocket("ws://...${path}").`,
  );
}
