import { resolve } from "node:path";
import { text } from "node:stream/consumers";
import type { Command } from "commander";
import { ThingError } from "../base/errors.ts";
import { redactText } from "../base/redact-text.ts";
import { ThingHost } from "../core/thing-host.ts";
import type { Command as ProgramCommand } from "../processes/child.ts";
import { ThingServer } from "../server/thing-server.ts";
import { requireInstalled } from "../sources/pipeline-command.ts";
import { type LaunchInput, launchCommand, prepareLaunch, runHeadless } from "./launch.ts";
import { addressKind } from "./launch-camera.ts";
import { loadProbes, type ProbeFlags } from "./launch-probes.ts";
import type { ListenFlags } from "./listen-options.ts";
import { checkPort, listeningFor } from "./listening.ts";
import type { ProcessLog } from "./pino-log.ts";
import { startServer } from "./serve.ts";
import { type SettingsChoice, settingsChoice } from "./settings-choice.ts";
import { Stopper } from "./stop.ts";

/** The options of `thingscope launch`. */
export interface LaunchFlags extends ListenFlags, ProbeFlags {
  file?: string;
  param: string[];
  headless: boolean;
  check: boolean;
  dryRun: boolean;
  settings?: string;
}

/**
 * Serves a pipeline's cameras; with `headless` only runs it, with `check` or `dryRun` not even that.
 * @throws {ThingError} as `prepareLaunch`, `runHeadless` and `startServer` do.
 */
export async function launch(
  parts: readonly string[],
  flags: LaunchFlags,
  log: ProcessLog,
): Promise<void> {
  const probes = await loadProbes(flags, process.cwd());
  const pipeline = { file: flags.file, parts, parameters: parametersOf(flags.param) };
  const input = { ...(await withStandardInput(pipeline)), probes, log };
  const kind = flags.file === undefined ? addressKind(parts) : undefined;
  if (kind && (flags.headless || flags.param.length > 0)) throw notAPipeline(parts[0] ?? "");
  if (kind && (flags.check || flags.dryRun)) {
    await prepareLaunch(input);
    console.log(`OK: cameras: camera (${kind.camera})`);
    return;
  }
  if (flags.check || flags.dryRun) {
    const command = await launchCommand(input);
    if (flags.dryRun) console.log(commandLine(command));
    if (flags.check) {
      await requireInstalled(command);
      console.log(`OK: cameras: ${command.outputs.map(({ camera }) => camera).join(", ")}`);
    }
    return;
  }
  if (flags.headless) {
    const abort = new AbortController();
    const run = runHeadless(input, abort.signal);
    const stopper = new Stopper(async () => {
      abort.abort();
      await run;
    }, log);
    watch(stopper);
    await run;
    return;
  }
  const things = await prepareLaunch(input);
  const { folder, remark }: SettingsChoice = flags.settings
    ? { folder: resolve(flags.settings) }
    : await settingsChoice(resolve("settings"), flags.port, () => checkPort(flags), log);
  if (remark) log.say(remark);
  const host = new ThingHost({ settingsFolder: folder, log });
  for (const [name, thing, options] of things) host.add(name, thing, options);
  const listening = await listeningFor(flags, { settingsFolder: host.settingsFolder });
  const server = new ThingServer(host, listening.options);
  const stopper = new Stopper(() => server.close(), log);
  watch(stopper);
  await startServer(server, { listening, strict: true, apiPrefix: "" }, log);
}

/**
 * Writes each `--NAME=VALUE` that is no option of `command` as `--param NAME=VALUE`. It looks no further than the first
 * part: what follows is the pipeline's own, unless that part is a camera's address.
 */
export function parametersAsOptions(args: readonly string[], command: Command): string[] {
  const result: string[] = [];
  const rest = [...args];
  while (rest[0]?.startsWith("-") && rest[0] !== "--") {
    const word = rest.shift() ?? "";
    const [name = ""] = word.split("=");
    const option = command.options.find(({ long, short }) => name === long || name === short);
    const isParameter = !option && /^--[A-Za-z_][\w-]*=/.test(word) && name !== "--help";
    if (isParameter) result.push("--param", word.slice(2));
    else result.push(word);
    if (option?.required && !word.includes("=") && rest.length > 0) result.push(rest.shift()!);
  }
  const [part, ...others] = rest;
  if (part === undefined || !addressKind([part]) || !others[0]?.startsWith("-"))
    return [...result, ...rest];
  return [...result, ...parametersAsOptions(others, command), part];
}

function parametersOf(given: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    given.map((text) => {
      const equals = text.indexOf("=");
      if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
      throw new ThingError(
        "BAD_ARGUMENT",
        `'${text}' is not a parameter. Write --param NAME=VALUE.`,
      );
    }),
  );
}

function notAPipeline(address: string): ThingError {
  return new ThingError(
    "BAD_ARGUMENT",
    `'${redactText(address)}' is a camera's address, not a pipeline: it has no parameters and cannot be run with --headless. Leave these options out; to record it, use thingscope record while it is served.`,
  );
}

/** `--file=-` is a pipeline that comes by the standard input. */
async function withStandardInput(input: LaunchInput): Promise<LaunchInput> {
  if (input.file !== "-" || input.parts?.length) return input;
  return { ...input, file: undefined, parts: [`\n${await text(process.stdin)}`] };
}

/** A command as a shell reads it. */
function commandLine({ program, args }: ProgramCommand): string {
  const quoted = (word: string) =>
    /^[\w@%+=:,./!-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
  return [program, ...args].map(quoted).join(" ");
}

function watch(stopper: Stopper): void {
  stopper.onSignals();
  stopper.watch();
  stopper.onFaults();
}
