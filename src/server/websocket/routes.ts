import type { ThingHost } from "../../core/thing-host.ts";
import type { ThingModel } from "../../core/thing-model.ts";
import { problemOf } from "../http/problem.ts";
import { type FormPlace, PROBLEM_TYPE, type Route } from "../http/route.ts";
import { upgradeRequired } from "../things/endpoints.ts";

/** @see Web Thing Protocol, WebSocket Sub-protocol. Without it a client speaks LabThings' dialect. */
export const WEB_THING = "webthingprotocol";

/** The places of the WebSockets in the table of routes: who may open one, and what a plain GET is told. */
export function webSocketRoutes(host: ThingHost, prefix: string): Route[] {
  return [...host.things.values()].map(({ name, model }) => ({
    ...webSocketAt(
      `${prefix}/${name}/ws`,
      `The WebSocket of ${name}: LabThings' messages, or the Web Thing Protocol`,
    ),
    form: placesOn(name, model),
  }));
}

/** The WebSocket that gives the frames of any streams. */
export function framesRoute(prefix: string): Route {
  return webSocketAt(
    `${prefix}/frames`,
    "The WebSocket of the frames of any streams of any Things",
  );
}

function webSocketAt(path: string, summary: string): Route {
  return {
    ...{ method: "GET", path, role: "view", summary },
    response: { status: 101 },
    handle: async () => ({
      status: 426,
      body: problemOf(upgradeRequired(path), path),
      contentType: PROBLEM_TYPE,
      headers: { Connection: "Upgrade", Upgrade: "websocket" },
    }),
  };
}

/** One URL for everything, in the subprotocol. */
function placesOn(thing: string, model: ThingModel): FormPlace[] {
  const of = (kind: FormPlace["kind"], op: readonly string[], affordance?: string): FormPlace => ({
    thing,
    kind,
    op,
    subprotocol: WEB_THING,
    ...(affordance !== undefined && { affordance }),
  });
  const properties = [...model.properties.values()].map(({ name, readOnly, observable }) => {
    const write = readOnly ? [] : ["writeproperty"];
    const observe = observable ? ["observeproperty", "unobserveproperty"] : [];
    return of("properties", ["readproperty", ...write, ...observe], name);
  });
  const actions = [...model.actions.values()].map(({ name, synchronous }) => {
    const follow = synchronous ? [] : ["queryaction", "cancelaction"];
    return of("actions", ["invokeaction", ...follow], name);
  });
  const events = [...model.events.keys(), ...[...model.streams.keys()].map(newFrameOf)].map(
    (name) => of("events", ["subscribeevent", "unsubscribeevent"], name),
  );
  return [...properties, ...actions, ...events, of("thing", OF_ALL)];
}

const newFrameOf = (stream: string) => `${stream}_new_frame`;

const OF_ALL = [
  "readallproperties",
  "readmultipleproperties",
  "writeallproperties",
  "writemultipleproperties",
  "observeallproperties",
  "unobserveallproperties",
  "queryallactions",
  "subscribeallevents",
  "unsubscribeallevents",
];
