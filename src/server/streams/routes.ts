import { Type } from "typebox";
import { ThingError } from "../../base/errors.ts";
import { quoted } from "../../base/preview.ts";
import type { StreamAffordance } from "../../core/affordances.ts";
import type { HostedThing } from "../../core/hosted-thing.ts";
import { describePath, MIRROR_PATH } from "../../frames/wire/mirror-path.ts";
import { MJPEGStream } from "../../streams/mjpeg-stream.ts";
import { VIEWER_ASSETS, viewerFile } from "../../streams/viewer-page.ts";
import { type Page, viewerOf } from "../http/pages.ts";
import {
  EVENT_STREAM_TYPE,
  type Exchange,
  JSON_TYPE,
  type Reply,
  type Route,
} from "../http/route.ts";
import { LONGPOLL_QUERY, RecentClients } from "../notifications/longpoll.ts";
import type { ThingNotifications } from "../notifications/thing-notifications.ts";
import { FrameEntrySchema, HeldFramesSchema } from "../td/schemas.ts";
import { nextFrameEntry, sendFrames, sendSizes } from "./frame-events.ts";
import { frame, frameAsText, frames, next, nextFrameSize, snapshot } from "./handlers.ts";
import { ADVANCE, AFTER, FRESH, flag, NEAREST, RUN, SIZE, VARIANT, WAIT } from "./query.ts";
import { sourceRoutes } from "./source.ts";

const JPEG = "image/jpeg";
const FRAME_ERRORS = ["BAD_ARGUMENT", "NO_FRAME", "NOT_READY", "STREAM_STOPPED"] as const;
const OBSERVE = ["observeproperty", "unobserveproperty"];
const SUBSCRIBE = ["subscribeevent", "unsubscribeevent"];

/** The same for every stream, since its links are relative. */
let viewer: Page | undefined;
let nearest: Page | undefined;

/** What a row says of one path of a stream: of the answer, beside the status, what `Route.response` says. */
type StreamRow = Pick<Route, "path" | "summary" | "form" | "query" | "errors"> &
  Omit<Route["response"], "status"> & { readonly contentType: string };

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
  const pictures = { thing: hosted.name, kind: "properties", affordance: `${name}_frame` } as const;
  const newFrame = { thing: hosted.name, kind: "events", affordance: `${name}_new_frame` } as const;
  const eventName = newFrame.affordance;
  const clients = new RecentClients();

  const get = (
    { path, summary, form, query, errors = FRAME_ERRORS, ...response }: StreamRow,
    handle: Route["handle"],
  ): Route => ({
    ...{ method: "GET", role: "view", path, summary, description },
    ...(form && { form }),
    ...(query && { query }),
    response: { status: 200, ...response },
    errors,
    picture: response.contentType === JPEG || response.contentType.startsWith("multipart/"),
    handle: (exchange) =>
      handle(exchange).catch((error: unknown) => {
        if (isStopped(error)) assertMayHaveFrames(hosted); // which says why it is stopped
        throw error;
      }),
  });
  /** What answers with a frame to come. */
  const waiting =
    (handle: (stream: MJPEGStream, exchange: Exchange) => Promise<Reply>): Route["handle"] =>
    async (exchange) => {
      assertMayHaveFrames(hosted);
      return handle(stream, exchange);
    };
  const sizes: Route["handle"] = async (exchange) =>
    sendSizes(stream, eventName, notifications.counts, exchange);

  return [
    ...sourceRoutes(hosted, stream, path, called),
    get(
      {
        path: `${path}/snapshot`,
        summary: `The newest frame of ${called}, under 1 s old`,
        contentType: JPEG,
        query: { ...SIZE, wait: WAIT, fresh: FRESH },
        form: { ...pictures, op: ["readproperty"] },
      },
      waiting(snapshot),
    ),
    get(
      {
        path: `${path}_frame`,
        summary: `The newest frame of ${called}, in base64`,
        form: { ...pictures, op: ["readproperty"] },
        contentType: JSON_TYPE,
        schema: Type.String(),
        errors: ["NO_FRAME", "NOT_READY", "STREAM_STOPPED"],
      },
      async (exchange) => {
        if (exchange.request.method !== "HEAD") assertMayHaveFrames(hosted);
        return frameAsText(stream, exchange);
      },
    ),
    get(
      {
        path: `${path}/next`,
        summary: `Wait for the next frame of ${called}`,
        contentType: JPEG,
        query: { ...VARIANT, wait: WAIT },
        form: { ...pictures, op: OBSERVE, subprotocol: "longpoll" },
        emptyWhen: "No frame arrived in that time",
      },
      waiting(next),
    ),
    get(
      {
        path,
        summary: `Watch ${called}`,
        contentType: "multipart/x-mixed-replace;boundary=frame",
        query: { ...VARIANT, advance: ADVANCE },
        form: { ...pictures, op: OBSERVE, subprotocol: "mjpeg" },
      },
      async ({ request, response }) => {
        if (hosted.state === "failed") assertMayHaveFrames(hosted);
        const { mirrorPath = [] } = hosted.thing;
        const path = describePath([...new Set([...stream.source.way.ids, ...mirrorPath])]);
        if (path !== "") response.setHeader(MIRROR_PATH, path);
        stream.mjpegStreamResponse(request, response);
        return undefined;
      },
    ),
    get(
      {
        path: `${path}_frame`,
        summary: `Receive the frames of ${called} in base64, always the newest`,
        form: { ...pictures, op: OBSERVE, subprotocol: "sse" },
        contentType: EVENT_STREAM_TYPE,
        errors: ["STREAM_STOPPED"],
      },
      async (exchange) => sendFrames(stream, pictures.affordance, notifications.counts, exchange),
    ),
    get(
      {
        path: `${path}/viewer`,
        summary: `A page that shows ${called}`,
        contentType: "text/html",
        query: { nearest: NEAREST },
      },
      async ({ query }) => {
        viewer ??= viewerOf(".", "../../");
        nearest ??= viewerOf(".", "../../", true);
        const { html: body, headers } = flag(query, "nearest") ? nearest : viewer;
        return { status: 200, body, contentType: "text/html; charset=utf-8", headers };
      },
    ),
    get(
      {
        path: `${path}/viewer/:asset`,
        summary: "A file of the viewer page",
        contentType: "text/css",
        errors: [...FRAME_ERRORS, "NOT_FOUND"],
      },
      async ({ params: { asset = "" } }) => {
        const contentType = VIEWER_ASSETS.get(asset);
        if (contentType) return { status: 200, body: viewerFile(asset), contentType };
        throw new ThingError("NOT_FOUND", `The viewer page has no file '${quoted(asset)}'.`);
      },
    ),
    get(
      {
        path: `${path}/frames`,
        summary: `List the frames of ${called} that are held`,
        contentType: JSON_TYPE,
        schema: HeldFramesSchema,
      },
      (exchange) => frames(stream, exchange),
    ),
    get(
      {
        path: `${path}/frames/:index`,
        summary: `One frame of ${called} by its index`,
        contentType: JPEG,
        query: { wait: WAIT, run: RUN },
        errors: [...FRAME_ERRORS, "FRAME_NOT_HELD"],
      },
      (exchange) => frame(stream, exchange),
    ),
    get(
      {
        path: `${path}/next_frame_size`,
        summary: `Wait for the next frame of ${called} and return its size in bytes`,
        contentType: JSON_TYPE,
        schema: Type.Integer({ minimum: 0, unit: "bytes" }),
        query: { wait: WAIT },
      },
      waiting(nextFrameSize),
    ),
    get(
      {
        path: `${base}/${eventName}/next`,
        summary: `Wait for the next frame of ${called}: its identity, time and size`,
        form: { ...newFrame, op: SUBSCRIBE, subprotocol: "longpoll" },
        contentType: JSON_TYPE,
        schema: FrameEntrySchema,
        emptyWhen: "No frame arrived in that time",
        errors: ["BAD_ARGUMENT", "STREAM_STOPPED"],
        query: LONGPOLL_QUERY,
      },
      (exchange) => {
        const log = notifications.event(eventName);
        const poll = { log, clients, present: notifications.present };
        return nextFrameEntry(stream, poll, exchange);
      },
    ),
    get(
      {
        path: `${path}/sizes`,
        summary: `Receive the identity, time and size of every frame of ${called}`,
        contentType: EVENT_STREAM_TYPE,
        query: { after: AFTER },
        form: { ...newFrame, op: SUBSCRIBE, subprotocol: "sse" },
      },
      sizes,
    ),
    get(
      {
        path: `${base}/${eventName}`,
        summary: `The same as ${path}/sizes`,
        contentType: EVENT_STREAM_TYPE,
      },
      sizes,
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
