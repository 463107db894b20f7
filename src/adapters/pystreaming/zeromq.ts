import { createRequire } from "node:module";
import type { Check } from "../../base/checks.ts";
import { messageOf, ThingError } from "../../base/errors.ts";

/** npm's zeromq, an optional dependency that only this file loads. */
export type ZeroMQ = typeof import("zeromq");

let loaded: ZeroMQ | undefined;

/**
 * The library, loaded at the first call.
 * @throws {ThingError} `PROGRAM_MISSING`, with the command that installs it.
 */
export function zeroMQ(): ZeroMQ {
  if (loaded) return loaded;
  try {
    const library = createRequire(import.meta.url)("zeromq") as ZeroMQ;
    // Do not wait for messages to disconnected peers.
    library.context.blocky = false;
    loaded = library;
    return library;
  } catch (error) {
    const reason = messageOf(error).split("\n")[0];
    throw new ThingError(
      "PROGRAM_MISSING",
      `pystreaming needs the npm package zeromq, which could not be loaded (${reason}). Install it: npm install zeromq`,
      { cause: error },
    );
  }
}

/** Is pystreaming's protocol available? */
export const zeroMQCheck: Check = {
  name: "zeromq",
  async run() {
    try {
      return {
        level: "ok",
        message: `The npm package zeromq is installed for pystreaming (libzmq ${zeroMQ().version}).`,
      };
    } catch (error) {
      const [reason] = messageOf(error).split(". Install it");
      return {
        level: "warn",
        message: `${reason}. Everything else works without it.`,
        fix: "npm install zeromq",
      };
    }
  },
};
