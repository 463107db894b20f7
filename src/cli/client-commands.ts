import { type Command, InvalidArgumentError } from "commander";
import { ignoreAbort } from "../base/abort.ts";
import type { ClientIo } from "./client-output.ts";
import type { Target } from "./client-verbs.ts";
import { EXIT } from "./exit-codes.ts";
import type { SnapshotChoices } from "./snapshot.ts";

/** Options of every command that talks to a server. */
export interface CommonFlags {
  readonly user?: string;
  readonly token?: string;
  readonly json: boolean;
}

type Verbs = typeof import("./client-verbs.ts");

/** `get`, `set`, `run`, `watch`, `td` and `types`: the clients of a Thing. */
export function addClientCommands(program: Command): void {
  verb(program, "get", "read properties: the value of one, or an object of several or all")
    .argument("[names...]", "properties")
    .action((url: string, names: string[], flags: CommonFlags) =>
      perform(url, flags, (verbs, io, target) => verbs.get(io, target, names)),
    );
  verb(program, "set", "write a property")
    .argument("<name>", "a property")
    .argument("<value>", "JSON, or a plain string")
    .action((url: string, name: string, value: string, flags: CommonFlags) =>
      perform(url, flags, (verbs, io, target) => verbs.set(io, target, name, value)),
    );
  verb(program, "run", "run an action to its end; Ctrl-C cancels it")
    .argument("<action>", "an action")
    .argument("[input...]", "name=value for each member, or one JSON value")
    .option("-o, --output <file>", "the file for a file that the action returns")
    .action(
      (url: string, name: string, words: string[], flags: CommonFlags & { output?: string }) =>
        perform(url, flags, (verbs, io, target) => verbs.run(io, target, name, words, flags)),
    );
  verb(
    program,
    "watch",
    "follow events, observable properties from their present value on, and the frames of streams",
  )
    .argument("<names...>", "events, properties, streams")
    .option("-n, --count <number>", "end after this many lines", positiveNumber)
    .action((url: string, names: string[], flags: CommonFlags & { count?: number }) =>
      perform(url, flags, (verbs, io, target) => verbs.watch(io, target, names, flags)),
    );
  clientCommand(
    program,
    "snapshot",
    "write one picture of a camera as a JPEG file",
    "the URL of a stream or a Thing, rtsp://..., /dev/video0, or an id that 'thingscope cameras' lists",
  )
    .option("-o, --output <file>", "where it goes; - is the standard output", "snapshot.jpg")
    .option("--stream <name>", "which stream of a Thing: the first when absent")
    .option(
      "--trust <certificate>",
      "an https server's own: its SHA-256 fingerprint, or a PEM file",
    )
    .option("--wait <seconds>", "the longest wait for a picture", positiveNumber, 10)
    .action((url: string, flags: CommonFlags & SnapshotChoices) =>
      interruptibly(flags, async (io) => {
        const { snapshot } = await import("./snapshot.ts");
        await snapshot(io, { url, credentials: credentialsOf(flags) }, flags);
      }),
    );
  verb(program, "td", "print the Thing Description").action((url: string, flags: CommonFlags) =>
    perform(url, flags, (verbs, io, target) => verbs.td(io, target)),
  );
  verb(program, "types", "print TypeScript types, to check scripts against the Thing")
    .option("-o, --output <file>", "a .d.ts file to write instead")
    .action((url: string, flags: CommonFlags & { output?: string }) =>
      perform(url, flags, (verbs, io, target) => verbs.types(io, target, flags)),
    );
}

function verb(program: Command, name: string, description: string): Command {
  const url = "the URL of a Thing Description, e.g. http://127.0.0.1:5000/camera/";
  return clientCommand(program, name, description, url);
}

/** A command that talks to a server, with how to log in there. */
export function clientCommand(
  program: Command,
  name: string,
  description: string,
  url: string,
): Command {
  return program
    .command(name)
    .description(description)
    .argument("<url>", url)
    .option("--user <name:password>", "log in by HTTP Basic (or THINGSCOPE_USER)")
    .option("--token <token>", "log in with a token (or THINGSCOPE_TOKEN)")
    .option("--json", "print JSON lines on a terminal, too", false);
}

/** Runs a verb until it ends or Ctrl-C is pressed. */
function perform(
  url: string,
  flags: CommonFlags,
  work: (verbs: Verbs, io: ClientIo, target: Target) => Promise<void>,
): Promise<void> {
  return interruptibly(flags, async (io) => {
    const verbs = await import("./client-verbs.ts");
    await work(verbs, io, { url, credentials: credentialsOf(flags) });
  });
}

/** Does something until it ends or Ctrl-C is pressed. What ends well after that has its own exit code. */
export async function interruptibly(
  { json }: Pick<CommonFlags, "json">,
  work: (io: ClientIo) => Promise<void>,
): Promise<void> {
  const interrupted = new AbortController();
  const interrupt = () => interrupted.abort();
  const signals = ["SIGINT", "SIGTERM", "SIGHUP"] as const; // Ctrl-C, kill, a terminal that is closed
  for (const signal of signals) process.once(signal, interrupt);
  process.stdout.on("error", interrupt); // the reader, such as `| head`, has ended
  try {
    const { stdout: out, stderr: err } = process;
    await work({ out, err, signal: interrupted.signal, json });
  } catch (error) {
    if (!interrupted.signal.aborted) throw error;
    ignoreAbort(error);
    console.error("Cancelled.");
    process.exitCode = EXIT.cancelled;
  } finally {
    for (const signal of signals) process.off(signal, interrupt);
    process.stdout.off("error", interrupt);
  }
}

/** From the options, or from the environment, where other users of the machine cannot read them. */
export function credentialsOf({ user, token }: CommonFlags): Target["credentials"] {
  const { THINGSCOPE_USER, THINGSCOPE_TOKEN } = process.env;
  const isTold = user !== undefined || token !== undefined;
  const bearer = isTold ? token : THINGSCOPE_TOKEN;
  if (bearer) return { token: bearer };
  const pair = isTold ? user : THINGSCOPE_USER;
  if (!pair) return undefined;
  const colon = pair.indexOf(":");
  const end = colon < 0 ? pair.length : colon;
  return { username: pair.slice(0, end), password: pair.slice(end + 1) };
}

/** For counts and seconds of whole numbers. */
function positiveNumber(text: string): number {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  throw new InvalidArgumentError("It must be a whole number from 1.");
}
