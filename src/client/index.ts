export type { FrameGap } from "../frames/frame.ts";
export {
  ClientEvent,
  ClientProperty,
  type ReadableProperty,
  type RequestOptions,
} from "./client-affordances.ts";
export { ClientError } from "./client-error.ts";
export {
  type FrameSize,
  type FrameSizesOptions,
  frameSizes,
  nextFrameSize,
} from "./frame-sizes.ts";
export type { ConnectionOptions, Credentials } from "./http.ts";
export { type FollowOptions, RemoteInvocation } from "./invocation.ts";
export type { InvocationProgress, LogLine } from "./invocation-state.ts";
export type { JsonObject } from "./json.ts";
export {
  MJPEGReader,
  type ReaderOptions,
  type ReaderStats,
  type RemoteFrame,
} from "./mjpeg-reader.ts";
export { RemoteBlob } from "./remote-blob.ts";
export { type ListenOptions, type SubscribeOptions, Subscription } from "./subscription.ts";
export { type ConnectOptions, ThingClient } from "./thing-client.ts";
export type { ThingListener } from "./thing-feed.ts";
export type { AnyThing, ClientAction, InvokeOptions, ThingTypes } from "./thing-types.ts";
export { typesOf } from "./types-of.ts";
