export { Mirror, type MirrorOrigin, type OriginThing } from "./mirror.ts";
export type { MirroringOptions } from "./mirrored-thing.ts";
export { ServerOrigin } from "./server-origin.ts";
