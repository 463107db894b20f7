import { messageOf, ThingError } from "../../base/errors.ts";

/** npm's NATS client, an optional dependency that only this file loads. */
export type Nats = typeof import("@nats-io/transport-node") &
  typeof import("@nats-io/jetstream") &
  typeof import("@nats-io/kv");

/**
 * The library, loaded at the first call.
 * @throws {ThingError} `PROGRAM_MISSING`, with the command that installs it.
 */
export async function nats(): Promise<Nats> {
  try {
    const [core, jetstream, kv] = await Promise.all([
      import("@nats-io/transport-node"),
      import("@nats-io/jetstream"),
      import("@nats-io/kv"),
    ]);
    return { ...core, ...jetstream, ...kv };
  } catch (error) {
    const reason = messageOf(error).split("\n")[0];
    throw new ThingError(
      "PROGRAM_MISSING",
      `A fleet needs the npm packages of NATS, which could not be loaded (${reason}). Install them: ${INSTALL}`,
      { cause: error },
    );
  }
}

const INSTALL = "npm install @nats-io/transport-node @nats-io/jetstream @nats-io/kv";
