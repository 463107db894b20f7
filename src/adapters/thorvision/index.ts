export { type FrameMetadata, readMetadata, withMetadata } from "./frame-metadata.ts";
export type { ThorVisionServerOptions } from "./options.ts";
export { ThorVisionServer } from "./thorvision-server.ts";
