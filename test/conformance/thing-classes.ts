import { Thing } from "thingscope";
import * as filers from "thingscope/filers";
import * as pystreaming from "thingscope/pystreaming";
import * as pythiags from "thingscope/pythiags";
import * as things from "thingscope/things";
import * as thorvision from "thingscope/thorvision";

export type ThingClass = new (options: Record<string, unknown>) => Thing;

/** Enough to make one of each. None is opened, so nothing need be there. */
const OPTIONS: Record<string, Record<string, unknown>> = {
  FilersCamera: { server: "127.0.0.1", port: 10_000 },
  HttpCamera: { url: "http://127.0.0.1:1/stream" },
  Probe: { producer: () => [] },
  PipelineCamera: { pipeline: "videotestsrc ! fakesink" },
  PyStreamingCamera: { endpoint: "tcp://127.0.0.1:5556" },
  RemoteCamera: { url: "http://127.0.0.1:1/stream" },
  ReplayCamera: { path: "pictures" },
  RtspCamera: { url: "rtsp://127.0.0.1:1/stream" },
  WindowsCamera: { device: "Camera" },
};

/** Every class of a Thing that the package has, by name. */
export const thingClasses = Object.entries<unknown>({
  ...things,
  ...filers,
  ...pystreaming,
  ...pythiags,
  ...thorvision,
}).filter((entry): entry is [string, ThingClass] => isThingClass(entry[1]));

function isThingClass(value: unknown): value is ThingClass {
  return typeof value === "function" && value.prototype instanceof Thing;
}

/** One of its Things, in no host yet. */
export function thingOf(name: string, thingClass: ThingClass): Thing {
  return new thingClass(OPTIONS[name] ?? {});
}
