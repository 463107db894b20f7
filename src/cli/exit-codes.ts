import { ThingError } from "../base/errors.ts";
import { ClientError } from "../client/client-error.ts";

/** The exit codes of the command line. `docs/command-line.md` lists them. */
export const EXIT = {
  ok: 0,
  /** A fault of this program, or of a Thing's class. */
  failed: 1,
  /** A configuration, option or address that cannot be used: fix the input and start again. */
  badInput: 2,
  /** A class that cannot be loaded, no Thing that could open, or no Thing at the address. */
  notServed: 3,
  /** Ctrl-C before it was done. */
  cancelled: 130,
} as const;

/** The exit code that an error ends the process with. */
export function exitCodeOf(error: unknown): number {
  if (error instanceof ClientError) return exitCodeOfAnswer(error);
  if (!(error instanceof ThingError)) return EXIT.failed;
  switch (error.code) {
    case "BAD_ARGUMENT":
    case "BAD_CONFIG":
    case "INVALID_INPUT":
    case "NOT_FOUND":
    case "PORT_IN_USE":
    case "SETTINGS_IN_USE":
      return EXIT.badInput;
    case "CLASS_NOT_LOADED":
    case "NO_FRAME":
    case "NOT_READY":
    case "PROGRAM_MISSING":
    case "SOURCE_FAILED":
      return EXIT.notServed;
    default:
      return EXIT.failed;
  }
}

/** A request that the Thing refuses is bad input; no Thing, or one that is not ready, serves nothing. */
function exitCodeOfAnswer({ code, status }: ClientError): number {
  if (["UNREACHABLE", "BAD_ANSWER"].includes(code) || status === 503) return EXIT.notServed;
  const isLocal = ["BAD_ARGUMENT", "UNKNOWN_AFFORDANCE", "UNSUPPORTED"].includes(code);
  return isLocal || (status >= 400 && status < 500) ? EXIT.badInput : EXIT.failed;
}
