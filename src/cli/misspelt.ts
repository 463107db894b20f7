import { existsSync } from "node:fs";
import { ThingError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";

/**
 * A first word, or one after `help`, that is neither a command nor a file would be taken for a configuration.
 * @throws {ThingError} `BAD_ARGUMENT` when it looks like a command.
 */
export function assertNoMisspeltCommand(
  [first = "", second = ""]: readonly string[],
  commands: readonly string[],
): void {
  const word = first === "help" ? second : first;
  if (!/^[a-z]+$/i.test(word) || commands.includes(word)) return;
  const near = nearest(word, commands);
  if (first !== "help" && (near === undefined || existsSync(word))) return;
  const meant = near ? ` Did you mean 'thingscope ${near}'?` : "";
  throw new ThingError(
    "BAD_ARGUMENT",
    `There is no command '${word}'.${meant} thingscope --help lists them all.`,
  );
}
