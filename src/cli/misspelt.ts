import { existsSync } from "node:fs";
import { ThingError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";

/**
 * A first word that is neither a command nor a file would be taken for a configuration.
 * @throws {ThingError} `BAD_ARGUMENT` when it looks like a command.
 */
export function assertNoMisspeltCommand(
  [first = ""]: readonly string[],
  commands: readonly string[],
): void {
  if (!/^[a-z]+$/i.test(first) || commands.includes(first) || existsSync(first)) return;
  const near = nearest(first, commands);
  if (!near) return;
  throw new ThingError(
    "BAD_ARGUMENT",
    `There is no command '${first}'. Did you mean 'thingscope ${near}'? thingscope --help lists them all.`,
  );
}
