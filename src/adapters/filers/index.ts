export { FilersCamera, type FilersCameraOptions } from "./filers-camera.ts";
export { FilersServer, type FilersServerOptions } from "./filers-server.ts";
export {
  type MessageLimits,
  type MessageParts,
  MessageReader,
  messageBytes,
} from "./framing.ts";
export {
  type ImageHead,
  type Message,
  messageText,
  parseImage,
  parseMessage,
} from "./messages.ts";
export {
  type FilersImage,
  type FilersMetadata,
  RemoteVideoPlayer,
  type RemoteVideoPlayerOptions,
} from "./remote-video-player.ts";
