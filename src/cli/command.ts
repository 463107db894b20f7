import { parse, resolve } from "node:path";
import { Command, CommanderError } from "commander";
import { codeOf, messageOf, reasonOf, ThingError } from "../base/errors.ts";
import { packageVersion } from "../base/package-root.ts";
import { ClientError } from "../client/client-error.ts";
import { addAccountCommands } from "./account-commands.ts";
import { addClientCommands } from "./client-commands.ts";
import { printable, visible } from "./client-output.ts";
import { addHints } from "./command-hints.ts";
import { addExamples } from "./examples.ts";
import { EXIT, exitCodeOf } from "./exit-codes.ts";
import type { LaunchFlags } from "./launch-command.ts";
import { addListenOptions, type ListenFlags, portNumber } from "./listen-options.ts";
import { addMirrorOptions, type MirrorFlags } from "./mirror-options.ts";
import { assertNoMisspeltCommand } from "./misspelt.ts";
import { filedProcessLog, pinoLog } from "./pino-log.ts";
import { addRecordingCommands } from "./recording-commands.ts";
import { holdReloads, Stopper } from "./stop.ts";

// Each command imports what it needs when it runs: `doctor` must run where the libraries of `serve` do not load.

interface ServeFlags extends ListenFlags {
  settings?: string;
  strict: boolean;
  simulated: boolean;
  debug: boolean;
}

/** Runs one command line. Errors end as a sentence on the standard error and an exit code, never as a stack. */
export async function runCommand(args: readonly string[]): Promise<void> {
  process.stdout.off("error", outputLost).on("error", outputLost); // once, however many commands a process runs
  try {
    const command = program();
    assertNoMisspeltCommand(args, ["help", ...command.commands.map((one) => one.name())]);
    await command.parseAsync(await withParameters(args, command), { from: "user" });
  } catch (error) {
    if (error instanceof CommanderError) {
      process.exitCode = error.exitCode === 0 ? EXIT.ok : EXIT.badInput;
      return;
    }
    // What a server says is one line: it could forge another.
    const show = error instanceof ClientError ? printable : visible;
    console.error(show(messageOf(error)));
    process.exitCode = exitCodeOf(error);
  }
}

/** A reader that has seen enough, such as `| head`, is no fault; a disk that is full is one. */
function outputLost(error: Error): void {
  if (codeOf(error) === "EPIPE") return;
  console.error(`The output could not be written: ${reasonOf(error)}.`);
  process.exitCode = EXIT.failed;
}

function program(): Command {
  const command = new Command("thingscope")
    .description("Serves cameras and the instruments beside them as W3C Web Things.")
    .version(packageVersion())
    .enablePositionalOptions()
    .exitOverride();
  addListenOptions(command.command("serve", { isDefault: true }))
    .description("serve the Things of a configuration; without one, the cameras of this computer")
    .argument("[config]", "a JSON or YAML file")
    .option("--settings <folder>", "the settings folder, instead of the configuration's")
    .option("--simulated", "without a configuration: serve the simulated microscope", false)
    .option("--strict", "end if any Thing cannot open", false)
    .option("--debug", "log debug messages, too", false)
    .action(runServe);
  command
    .command("check")
    .description("check whether a configuration can be served, without opening hardware")
    .argument("<config>", "a JSON or YAML file")
    .action(async (file: string) => {
      const { check } = await import("./check.ts");
      console.log(await check(file));
    });
  command
    .command("init")
    .description("write a project with one Thing and its test; files that exist are kept")
    .argument("[folder]", "where; it is made if need be", ".")
    .action(async (folder: string) => {
      const { initProject } = await import("./init.ts");
      console.log(await initProject(folder));
    });
  addListenOptions(command.command("launch"))
    .description(
      "serve the camera at an address, or a GStreamer or ffmpeg pipeline as cameras, one for each named tee",
    )
    .usage("[options] ADDRESS | --file=FILE [--NAME=VALUE ...] | PART ...")
    .argument(
      "[part...]",
      "/dev/video0, rtsp://..., http://..., or the pipeline, as for gst-launch-1.0, or a whole command",
    )
    .option(
      "--file <file>",
      "a file with the pipeline, with {NAME} for parameters; - is the standard input",
    )
    .option("--param <name=value>", "a parameter that has the name of an option", collect, [])
    .option("--ext <module:name>", "a Producer, or a function, that finds events in each frame")
    .option(
      "--obs <element>",
      "the element or tee whose pictures it examines (default: the first camera)",
    )
    .option(
      "--proc <module:name>",
      "a Consumer, or a function, that receives the events (default: the log)",
    )
    .option("--probe <module:name@element>", "a further probe; may be repeated", collect, [])
    .option("--headless", "only run the pipeline: no cameras, no server", false)
    .option("--check", "only check whether it can be run", false)
    .option("--dry-run", "only print the command that would be run", false)
    .option("--settings <folder>", "the settings folder (default: settings)")
    .option("--debug", "log debug messages, too", false)
    .passThroughOptions()
    .addHelpText(
      "after",
      "\nExamples:\n  thingscope launch /dev/video0\n  thingscope launch rtsp://user:password@camera/path\n  thingscope launch videotestsrc ! autovideosink",
    )
    .action(runLaunch);
  addMirrorOptions(addListenOptions(command.command("mirror")))
    .description(
      "serve the Things of another server, or of a fleet, to many viewers: each stream is pulled once, while somebody watches",
    )
    .argument(
      "<origin>",
      "the address of a server, or of one of its Things; for a fleet that of NATS (nats://...), or a file with 'fleet'",
    )
    .action(runMirror);
  command
    .command("cameras")
    .description(
      "list the cameras of this computer and of its network, with a configuration to paste",
    )
    .option("--json", "as JSON", false)
    .option("--local", "without the network, which takes two seconds", false)
    .action(async (options: { json: boolean; local: boolean }) => {
      const { printCameras } = await import("./cameras.ts");
      await printCameras(options);
    });
  command
    .command("doctor")
    .description("report what this machine lacks, and what to do about it")
    .option("--json", "as JSON", false)
    .option("--port <number>", "the port that the server will use", portNumber, 5000)
    .option("--settings <folder>", "the settings folder that will be used", "settings")
    .action(async (options: { json: boolean; port: number; settings: string }) => {
      const { doctor } = await import("./doctor.ts");
      process.exitCode = (await doctor(options)) ? EXIT.ok : EXIT.failed;
    });
  addAccountCommands(command);
  addClientCommands(command);
  addRecordingCommands(command);
  addExamples(command);
  addHints(command);
  return command;
}

const SIMULATED_ALONE =
  "--simulated serves the simulated microscope instead of a configuration. Leave out one of them.";

async function runServe(file: string | undefined, flags: ServeFlags): Promise<void> {
  const giveHeldReloads = holdReloads();
  let log = pinoLog({ debug: flags.debug, readable: process.stdout.isTTY });
  const { loadConfig } = await import("./config.ts");
  const { checkPort, listeningFor } = await import("./listening.ts");
  const { Reloader } = await import("./reload.ts");
  const { serverFromConfig, startServer } = await import("./serve.ts");
  if (file !== undefined && flags.simulated) throw new ThingError("BAD_ARGUMENT", SIMULATED_ALONE);
  const path = file === undefined ? undefined : resolve(file);
  const { foundConfig } = await import("./found-config.ts");
  const { settingsChoice } = await import("./settings-choice.ts");
  const loaded = file === undefined ? undefined : await loadConfig(file);
  const named = flags.settings ?? loaded?.file.settings_folder;
  const usual = loaded?.settingsFolder ?? resolve("settings");
  const own = path === undefined ? flags.port : parse(path).name;
  const check = () => checkPort(flags);
  const choice = named === undefined ? await settingsChoice(usual, own, check, log) : undefined;
  const settings = flags.settings ?? choice?.folder;
  const served = loaded ? { config: loaded } : await foundConfig({ ...flags, settings, log });
  const given = served.config;
  const config = settings === undefined ? given : { ...given, settingsFolder: resolve(settings) };
  process.chdir(config.folder); // relative paths in options are relative to the configuration
  try {
    const listening = await listeningFor(flags, config);
    const server = await serverFromConfig(config, log, listening.options);
    log = filedProcessLog(log, server.host.logFiles);
    const stopper = new Stopper(() => server.close(), log);
    const reloader = path === undefined ? undefined : new Reloader(path, given, server, log);
    stopper.onSignals(reloader && (() => void reloader.reload()));
    stopper.watch(config.endWhenBlockedMs);
    stopper.onFaults();
    const { apiPrefix } = config;
    if (choice?.remark) log.say(choice.remark);
    await startServer(server, { ...served, listening, strict: flags.strict, apiPrefix }, log);
    if ("found" in served) await served.found?.follow(server);
    giveHeldReloads();
  } catch (error) {
    if ("found" in served) served.found?.stop(); // or its watch would keep this process running
    throw error;
  } finally {
    await log.written();
  }
}

async function runLaunch(parts: string[], flags: LaunchFlags & { debug: boolean }): Promise<void> {
  const log = pinoLog({ debug: flags.debug, readable: process.stdout.isTTY });
  const { launch } = await import("./launch-command.ts");
  try {
    await launch(parts, flags, log);
  } finally {
    await log.written();
  }
}

async function runMirror(origin: string, flags: MirrorFlags & { debug: boolean }): Promise<void> {
  const log = pinoLog({ debug: flags.debug, readable: process.stdout.isTTY });
  const { mirror } = await import("./mirror-command.ts");
  try {
    await mirror(origin, flags, log);
  } finally {
    await log.written();
  }
}

async function withParameters(args: readonly string[], program: Command): Promise<string[]> {
  const command = program.commands.find((one) => one.name() === "launch");
  if (args[0] !== "launch" || !command) return [...args];
  const { parametersAsOptions } = await import("./launch-command.ts");
  return ["launch", ...parametersAsOptions(args.slice(1), command)];
}

function collect(value: string, before: string[]): string[] {
  return [...before, value];
}
