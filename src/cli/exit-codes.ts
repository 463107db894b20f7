import { ThingError } from "../base/errors.ts";

/** What the command line ends with. `docs/command-line.md` lists them. */
export const EXIT = {
  ok: 0,
  /** A fault of this program, or of a Thing's class. */
  failed: 1,
  /** A configuration, option or address that cannot be used: mend the input and start again. */
  badInput: 2,
  /** A class that cannot be loaded, or no Thing that could open. */
  notServed: 3,
} as const;

/** The exit code that an error ends the process with. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof ThingError)) return EXIT.failed;
  switch (error.code) {
    case "BAD_ARGUMENT":
    case "BAD_CONFIG":
    case "INVALID_INPUT":
    case "NOT_FOUND":
    case "PORT_IN_USE":
      return EXIT.badInput;
    case "CLASS_NOT_LOADED":
    case "NOT_READY":
    case "PROGRAM_MISSING":
    case "SOURCE_FAILED":
      return EXIT.notServed;
    default:
      return EXIT.failed;
  }
}
