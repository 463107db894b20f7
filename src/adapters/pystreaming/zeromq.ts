import { createRequire } from "node:module";
import type { Check } from "../../base/checks.ts";
import { messageOf, ThingError } from "../../base/errors.ts";

/** npm's zeromq, an optional dependency: this is its only door. */
export type ZeroMQ = typeof import("zeromq");

let loaded: ZeroMQ | undefined;

/**
 * The library, loaded when it is asked for first.
 * @throws {ThingError} `PROGRAM_MISSING`, with the command that installs it.
 */
export function zeroMQ(): ZeroMQ {
  if (loaded) return loaded;
  try {
    const library = createRequire(import.meta.url)("zeromq") as ZeroMQ;
    // Nobody waits for what a peer that has gone did not take.
    library.context.blocky = false;
    loaded = library;
    return library;
  } catch (error) {
    const reason = messageOf(error).split("\n")[0];
    throw new ThingError(
      "PROGRAM_MISSING",
      `The pystreaming wire needs the npm package zeromq, which does not load (${reason}). Install it: npm install zeromq`,
      { cause: error },
    );
  }
}

/** Can pystreaming's wire be spoken? */
export const zeroMQCheck: Check = {
  name: "zeromq",
  async run() {
    try {
      return {
        level: "ok",
        message: `zeromq speaks pystreaming's wire (libzmq ${zeroMQ().version}).`,
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
