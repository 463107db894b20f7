export { MoonrakerBridge } from "./bridge.ts";
export { MoonrakerOptions } from "./options.ts";
