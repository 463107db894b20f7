/** `thingscope/client` in Node: its names, with a reader of streams that takes them as cameras send them. */
import { setLenientFetch } from "./client/lenient.ts";
import { httpFetch } from "./sources/http-fetch.ts";

export {
  ClientEvent,
  ClientProperty,
  type ReadableProperty,
  type RequestOptions,
} from "./client/client-affordances.ts";
export { ClientError } from "./client/client-error.ts";
export {
  type FrameSize,
  type FrameSizesOptions,
  frameSizes,
  nextFrameSize,
} from "./client/frame-sizes.ts";
export type { ConnectionOptions, Credentials } from "./client/http.ts";
export { type FollowOptions, RemoteInvocation } from "./client/invocation.ts";
export type { InvocationProgress, LogLine } from "./client/invocation-state.ts";
export type { JsonObject } from "./client/json.ts";
export {
  MJPEGReader,
  type ReaderOptions,
  type ReaderStats,
  type RemoteFrame,
} from "./client/mjpeg-reader.ts";
export { RemoteBlob } from "./client/remote-blob.ts";
export { type ListenOptions, type SubscribeOptions, Subscription } from "./client/subscription.ts";
export { type ConnectOptions, ThingClient } from "./client/thing-client.ts";
export type { AnyThing, ClientAction, InvokeOptions, ThingTypes } from "./client/thing-types.ts";
export { typesOf } from "./client/types-of.ts";
export type { FrameGap } from "./frames/frame.ts";

setLenientFetch(httpFetch());
