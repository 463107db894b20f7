export type { Capability } from "./capability.ts";
export { extractMetadata, type RecordedMetadata } from "./extract-metadata.ts";
export { type FrameMetadata, readMetadata, withMetadata } from "./frame-metadata.ts";
export type { ThorVisionAddress, ThorVisionCameraEntry } from "./http-client.ts";
export type { SplitOptions } from "./local-recording.ts";
export type { ThorVisionServerOptions } from "./options.ts";
export { ThorVisionCamera, type ThorVisionCameraOptions } from "./thorvision-camera.ts";
export { type Stream, ThorVisionClient } from "./thorvision-client.ts";
export { ThorVisionServer } from "./thorvision-server.ts";
