import { messageOf, ThingError } from "../../base/errors.ts";

/** npm's MQTT client, an optional dependency that only this file loads. */
export type Mqtt = typeof import("mqtt");

/**
 * The library, loaded at the first call.
 * @throws {ThingError} `PROGRAM_MISSING`, with the command that installs it.
 */
export async function mqtt(): Promise<Mqtt> {
  try {
    const module = await import("mqtt");
    return module.default as unknown as Mqtt; // it is CommonJS
  } catch (error) {
    const reason = messageOf(error).split("\n")[0];
    throw new ThingError(
      "PROGRAM_MISSING",
      `'mqtt' in the configuration needs the npm package mqtt, which could not be loaded (${reason}). Install it: npm install mqtt`,
      { cause: error },
    );
  }
}
