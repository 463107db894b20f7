// `thingscope/discovery`: which cameras are there, on this machine and on the network. docs/api.md has these names by task.
export {
  type CameraNews,
  type CameraRegister,
  type ListedCamera,
  registerOf,
} from "./discovery/camera-register.ts";
export {
  type CameraChange,
  CameraWatch,
  type CameraWatchOptions,
  type LocalCamera,
} from "./discovery/camera-watch.ts";
export { findNetworkCameras } from "./discovery/find-cameras.ts";
export type { CameraKind, FoundCamera, FoundMode } from "./discovery/found-camera.ts";
export { watchCameras } from "./discovery/local-cameras.ts";
export type { SearchOptions, SearchResult } from "./discovery/search.ts";
export { cameraNode } from "./discovery/v4l2-cameras.ts";
