export type { JoiningServer, ServerBridge } from "../../server/server-options.ts";
export { MqttBridge } from "./bridge.ts";
export { MqttOptions } from "./options.ts";
