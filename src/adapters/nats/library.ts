import { optionalPackages } from "../../base/optional-packages.ts";

/** npm's NATS client, an optional dependency that only this file loads. */
export type Nats = typeof import("@nats-io/transport-node") &
  typeof import("@nats-io/jetstream") &
  typeof import("@nats-io/kv");

/**
 * The library, loaded at the first call.
 * @throws {ThingError} `PROGRAM_MISSING`, with the command that installs it.
 */
export function nats(): Nats {
  const parts = optionalPackages("A fleet", ...PACKAGES);
  return Object.assign({}, ...parts);
}

const PACKAGES = ["@nats-io/transport-node", "@nats-io/jetstream", "@nats-io/kv"];
