import { type TSchema, Type } from "typebox";
import { ThingError } from "../../base/errors.ts";
import type { StreamAffordance } from "../../core/affordances.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { EVENT_STREAM_TYPE, JSON_TYPE, type Route } from "../http/route.ts";
import { LONGPOLL_QUERY, RecentClients } from "../notifications/longpoll.ts";
import type { ThingNotifications } from "../notifications/thing-notifications.ts";
import { FrameEntrySchema, HeldFramesSchema } from "../td/schemas.ts";
import { nextFrameEntry, sendFrames } from "./frame-notifications.ts";
import { newestFrame, type StreamHandler, streamHandlers } from "./handlers.ts";
import { ADVANCE, AFTER, FRESH, RUN, SIZE, VARIANT, WAIT } from "./query.ts";
import { sourceRoutes } from "./source.ts";

const JPEG = "image/jpeg";
const OBSERVE = ["observeproperty", "unobserveproperty"];
const SUBSCRIBE = ["subscribeevent", "unsubscribeevent"];
/** What answers with a frame to come. */
const waiting: ReadonlySet<StreamHandler> = new Set([
  streamHandlers.snapshot,
  streamHandlers.next,
  streamHandlers.nextFrameSize,
]);

/** Every path of each stream (docs/streams.md), and what stands for it in the Thing Description. */
export function streamRoutes(
  hosted: HostedThing,
  base: string,
  notifications: ThingNotifications,
): Route[] {
  return [...hosted.model.streams.values()].flatMap((affordance) => {
    const stream = hosted.streamOf(affordance.name);
    return stream instanceof MJPEGStream
      ? routesOfStream(hosted, affordance, stream, base, notifications)
      : [];
  });
}

/**
 * The order of the forms is one that all known clients get along with: node-wot takes the first that has the
 * operation and understands long polling; a Profile consumer looks for JSON, and for `sse`.
 */
function routesOfStream(
  hosted: HostedThing,
  { name, title, description }: StreamAffordance,
  stream: MJPEGStream,
  base: string,
  notifications: ThingNotifications,
): Route[] {
  const path = `${base}/${name}`;
  const called = `'${title ?? name}' of ${hosted.name}`;
  const frame = { thing: hosted.name, kind: "properties", affordance: `${name}_frame` } as const;
  const newFrame = { thing: hosted.name, kind: "events", affordance: `${name}_new_frame` } as const;
  const eventName = newFrame.affordance;
  const clients = new RecentClients();

  const get = (
    route: Pick<Route, "path" | "summary" | "form" | "query" | "errors"> & {
      contentType: string;
      schema?: TSchema;
    },
    handler: StreamHandler,
    event?: string,
  ): Route => ({
    method: "GET",
    path: route.path,
    role: "view",
    summary: route.summary,
    description,
    ...(route.query && { query: route.query }),
    response: {
      status: 200,
      contentType: route.contentType,
      ...(route.schema && { schema: route.schema }),
      ...(handler === streamHandlers.next && { emptyWhen: "No frame came in that time" }),
    },
    ...(route.form && { form: route.form }),
    errors: ["BAD_ARGUMENT", "NO_FRAME", "NOT_READY", "STREAM_STOPPED", ...(route.errors ?? [])],
    picture: route.contentType === JPEG || route.contentType.startsWith("multipart/"),
    handle: async ({ request, response, params }) => {
      if (waiting.has(handler)) assertMayHaveFrames(hosted);
      if (handler === streamHandlers.multipart && hosted.state === "failed")
        assertMayHaveFrames(hosted);
      const options = { index: params.index, asset: params.asset, event };
      await handler(stream, request, response, options).catch((error: unknown) => {
        if (isStopped(error)) assertMayHaveFrames(hosted); // which says why it is stopped
        throw error;
      });
      return undefined;
    },
  });

  return [
    ...sourceRoutes(hosted, stream, path, called),
    get(
      {
        path: `${path}/snapshot`,
        summary: `The newest frame of ${called}, under 1 s old`,
        contentType: JPEG,
        query: { ...SIZE, wait: WAIT, fresh: FRESH },
        form: { ...frame, op: ["readproperty"] },
      },
      streamHandlers.snapshot,
    ),
    {
      method: "GET",
      path: `${path}_frame`,
      role: "view",
      summary: `The newest frame of ${called}, in base64`,
      form: { ...frame, op: ["readproperty"] },
      response: { status: 200, contentType: JSON_TYPE, schema: Type.String() },
      errors: ["NO_FRAME", "NOT_READY", "STREAM_STOPPED"],
      handle: async ({ request, signal }) => {
        if (request.method === "HEAD") return { status: 200 }; // waits for no frame
        assertMayHaveFrames(hosted);
        const { jpeg } = await newestFrame(stream, signal);
        return { status: 200, body: Buffer.from(jpeg).toString("base64") };
      },
    },
    get(
      {
        path: `${path}/next`,
        summary: `Wait for the next frame of ${called}`,
        contentType: JPEG,
        query: { ...VARIANT, wait: WAIT },
        form: { ...frame, op: OBSERVE, subprotocol: "longpoll" },
      },
      streamHandlers.next,
    ),
    get(
      {
        path,
        summary: `Watch ${called}`,
        contentType: "multipart/x-mixed-replace;boundary=frame",
        query: { ...VARIANT, advance: ADVANCE },
        form: { ...frame, op: OBSERVE, subprotocol: "mjpeg" },
      },
      streamHandlers.multipart,
    ),
    {
      method: "GET",
      path: `${path}_frame`,
      role: "view",
      summary: `Be sent the frames of ${called} in base64, the newest whenever the last was taken`,
      form: { ...frame, op: OBSERVE, subprotocol: "sse" },
      response: { status: 200, contentType: EVENT_STREAM_TYPE },
      errors: ["STREAM_STOPPED"],
      handle: async (exchange) => {
        await sendFrames(stream, frame.affordance, exchange);
        return undefined;
      },
    },
    get(
      { path: `${path}/viewer`, summary: `A page that shows ${called}`, contentType: "text/html" },
      streamHandlers.viewer,
    ),
    get(
      {
        path: `${path}/viewer/:asset`,
        summary: "What that page consists of",
        contentType: "text/javascript",
        errors: ["NOT_FOUND"],
      },
      streamHandlers.viewerAsset,
    ),
    get(
      {
        path: `${path}/frames`,
        summary: `Which frames of ${called} are held`,
        contentType: JSON_TYPE,
        schema: HeldFramesSchema,
      },
      streamHandlers.frames,
    ),
    get(
      {
        path: `${path}/frames/:index`,
        summary: `One frame of ${called} by its index`,
        contentType: JPEG,
        query: { wait: WAIT, run: RUN },
        errors: ["FRAME_NOT_HELD"],
      },
      streamHandlers.frame,
    ),
    get(
      {
        path: `${path}/next_frame_size`,
        summary: `Wait for the next frame of ${called} and tell its size in bytes`,
        contentType: JSON_TYPE,
        schema: Type.Integer({ minimum: 0, unit: "bytes" }),
        query: { wait: WAIT },
      },
      streamHandlers.nextFrameSize,
    ),
    {
      method: "GET",
      path: `${base}/${eventName}/next`,
      role: "view",
      summary: `Wait for the next frame of ${called}: its identity, time and size`,
      form: { ...newFrame, op: SUBSCRIBE, subprotocol: "longpoll" },
      response: {
        status: 200,
        contentType: JSON_TYPE,
        schema: FrameEntrySchema,
        emptyWhen: "No frame came in that time",
      },
      errors: ["BAD_ARGUMENT", "STREAM_STOPPED"],
      query: LONGPOLL_QUERY,
      handle: (exchange) => {
        const log = notifications.event(eventName);
        const poll = { log, clients, present: notifications.present };
        return nextFrameEntry(stream, poll, exchange);
      },
    },
    get(
      {
        path: `${path}/sizes`,
        summary: `Be sent the identity, time and size of every frame of ${called}`,
        contentType: EVENT_STREAM_TYPE,
        query: { after: AFTER },
        form: { ...newFrame, op: SUBSCRIBE, subprotocol: "sse" },
      },
      streamHandlers.sizes,
      eventName,
    ),
    get(
      {
        path: `${base}/${eventName}`,
        summary: `The same as ${path}/sizes`,
        contentType: EVENT_STREAM_TYPE,
      },
      streamHandlers.sizes,
      eventName,
    ),
  ];
}

function isStopped(error: unknown): boolean {
  return error instanceof ThingError && error.code === "STREAM_STOPPED";
}

/** Of a Thing that could not open, or is disconnected, nobody needs to wait for a frame. Of one that is opening one may come. */
function assertMayHaveFrames(hosted: HostedThing): void {
  hosted.assertUsable("give frames");
}
