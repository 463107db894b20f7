import type { Check } from "../../base/checks.ts";
import { messageOf } from "../../base/errors.ts";
import { isBesideThisPackage, optionalPackages } from "../../base/optional-packages.ts";

/** npm's zeromq, an optional dependency that only this file loads. */
export type ZeroMQ = typeof import("zeromq");

let loaded: ZeroMQ | undefined;

/**
 * The library, loaded at the first call.
 * @throws {ThingError} `PROGRAM_MISSING`, with the command that installs it.
 */
export function zeroMQ(): ZeroMQ {
  if (loaded) return loaded;
  const [library] = optionalPackages("pystreaming", "zeromq") as [ZeroMQ];
  // Do not wait for messages to disconnected peers.
  library.context.blocky = false;
  loaded = library;
  return library;
}

/** Is pystreaming's protocol available? */
export const zeroMQCheck: Check = {
  name: "zeromq",
  async run() {
    const then = { level: "warn", fix: "npm install zeromq" } as const;
    // The doctor may be run in any folder, and runs no code that it finds there.
    if (!isBesideThisPackage("zeromq")) return { ...then, message: withoutIt(NOT_INSTALLED) };
    try {
      return {
        level: "ok",
        message: `The npm package zeromq is installed for pystreaming (libzmq ${zeroMQ().version}).`,
      };
    } catch (error) {
      return { ...then, message: withoutIt(messageOf(error).split(". Install it")[0]!) };
    }
  },
};

const NOT_INSTALLED = "pystreaming needs the npm package zeromq, which is not installed";

function withoutIt(reason: string): string {
  return `${reason}. Everything else works without it.`;
}
