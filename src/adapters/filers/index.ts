export { FilersCamera, type FilersCameraOptions } from "./filers-camera.ts";
export { FilersServer, type FilersServerOptions } from "./filers-server.ts";
export {
  type FilersImage,
  type FilersMetadata,
  RemoteVideoPlayer,
  type RemoteVideoPlayerOptions,
} from "./remote-video-player.ts";
