import { type Command, InvalidArgumentError } from "commander";
import type { CommonFlags } from "./client-commands.ts";
import type { ListenFlags } from "./listen-options.ts";

/** The options of `thingscope mirror`. */
export interface MirrorFlags extends ListenFlags, Omit<CommonFlags, "json"> {
  readonly trust?: string;
  /** The mirror's own in a fleet. */
  readonly name?: string;
  readonly operate: boolean;
  readonly viewers: number;
  readonly settings?: string;
}

/** Adds the options that say how it is mirrored. */
export function addMirrorOptions(command: Command): Command {
  return command
    .option("--user <name:password>", "log in at the origin by HTTP Basic (or THINGSCOPE_USER)")
    .option("--token <token>", "log in at the origin with a token (or THINGSCOPE_TOKEN)")
    .option(
      "--trust <certificate>",
      "an https origin's own: its SHA-256 fingerprint, or a PEM file",
    )
    .option("--name <name>", "the mirror's name in the fleet (default: mirror-HOSTNAME)")
    .option("--operate", "pass commands on to the origin, too, with that login", false)
    .option("--viewers <number>", "viewers at once", viewerCount, 10_000)
    .option(
      "--settings <folder>",
      "the settings folder, for the mirror's own accounts (default: settings)",
    )
    .option("--debug", "log debug messages, too", false);
}

function viewerCount(text: string): number {
  const count = Number(text);
  if (/^[1-9]\d*$/.test(text) && count <= 1_000_000) return count;
  throw new InvalidArgumentError("It must be a whole number from 1 to 1000000.");
}
