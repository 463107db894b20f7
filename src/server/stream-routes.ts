import type { HostedThing } from "../core/hosted-thing.ts";
import { MJPEGStream } from "../outputs/mjpeg-stream.ts";
import { JSON_TYPE, type Route } from "./route.ts";

/** Every path of each stream. The order of the forms is the one that all known clients get along with. */
export function streamRoutes(hosted: HostedThing, base: string): Route[] {
  return [...hosted.model.streams.values()].flatMap(({ name, title }): Route[] => {
    const stream = hosted.streamOf(name);
    if (!(stream instanceof MJPEGStream)) return [];
    return [
      {
        method: "GET",
        path: `${base}/${name}`,
        role: "view",
        summary: `Watch '${title ?? name}' of ${hosted.name}`,
        form: {
          thing: hosted.name,
          kind: "properties",
          affordance: `${name}_frame`,
          op: ["observeproperty", "unobserveproperty"],
          subprotocol: "mjpeg",
        },
        response: { status: 200, contentType: "multipart/x-mixed-replace;boundary=frame" },
        picture: true,
        handle: async ({ request, response }) => {
          stream.mjpegStreamResponse(request, response);
          return undefined;
        },
      },
      {
        method: "GET",
        path: `${base}/${name}_new_frame/next`,
        role: "view",
        summary: `Wait for the next frame of '${title ?? name}' of ${hosted.name}: its identity, time and size`,
        form: {
          thing: hosted.name,
          kind: "events",
          affordance: `${name}_new_frame`,
          op: ["subscribeevent", "unsubscribeevent"],
          subprotocol: "longpoll",
        },
        response: { status: 200, contentType: JSON_TYPE },
        handle: async ({ request, signal }) => {
          if (request.method === "HEAD") return { status: 200, body: null };
          const { run, index, capturedAt, jpeg } = await stream.grab(signal);
          return { status: 200, body: { run, index, capturedAt, size: jpeg.length } };
        },
      },
    ];
  });
}
