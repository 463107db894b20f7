import { optionalPackages } from "../../base/optional-packages.ts";

/** npm's MQTT client, an optional dependency that only this file loads. */
export type Mqtt = typeof import("mqtt");

/**
 * The library, loaded at the first call.
 * @throws {ThingError} `PROGRAM_MISSING`, with the command that installs it.
 */
export function mqtt(): Mqtt {
  const [library] = optionalPackages("'mqtt' in the configuration", "mqtt");
  return library as Mqtt;
}
