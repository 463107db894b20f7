import { readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { type Command, InvalidArgumentError, Option } from "commander";
import { toDateTime } from "../base/clock.ts";
import { reasonOf, ThingError } from "../base/errors.ts";
import type { Verdict } from "../recording/ledger/verdict.ts";
import {
  type CommonFlags,
  clientCommand,
  credentialsOf,
  interruptibly,
} from "./client-commands.ts";
import { EXIT } from "./exit-codes.ts";

interface RecordFlags extends CommonFlags {
  readonly seconds?: number;
  readonly out: string;
  readonly name?: string;
  readonly stream?: string;
  readonly trust?: string;
}

interface ExportFlags {
  readonly format: (typeof FORMATS)[number];
  readonly output?: string;
  readonly replace: boolean;
  readonly reserve: number;
  readonly json: boolean;
}

/** What `verify` looks for in a folder. */
const FILMS = [".mkv", ".mp4", ".webm"];
const FORMATS = ["mp4", "webm", "csv", "json"] as const;

/** `record`, and what there is to do with recordings on disk: `verify`, `export` and `repair`. */
export function addRecordingCommands(program: Command): void {
  clientCommand(
    program,
    "record",
    "record a stream of this or any other MJPEG server; Ctrl-C ends it",
    "of an MJPEG stream, or of a Thing's description",
  )
    .option("-s, --seconds <number>", "end after so long", seconds)
    .option("--out <folder>", "where the recording goes", ".")
    .option("--name <name>", "of the file, instead of the stream's name and the time")
    .option("--stream <name>", "which stream of a Thing: the first when absent")
    .option(
      "--trust <certificate>",
      "an https server's own: its SHA-256 fingerprint, or a PEM file",
    )
    .action((url: string, flags: RecordFlags) =>
      interruptibly(flags, async (io) => {
        const { record } = await import("./record.ts");
        await record(io, { url, credentials: credentialsOf(flags) }, flags);
      }),
    );
  program
    .command("verify")
    .description(
      "count the frames of recordings, byte for byte (of MP4 and WebM: their times), and compare them with their ledgers; count the tickets of a work queue",
    )
    .argument(
      "<files...>",
      "recordings (.mkv, .mp4, .webm), each with its ledger beside it, ledgers of tickets (.tickets.jsonl), or folders of them",
    )
    .option(
      "--json",
      "a JSON line for each, with what was found and how its frames follow on",
      false,
    )
    .action(async (files: string[], { json }: { json: boolean }) => {
      const { verifyRecording } = await import("../recording/read/verify.ts");
      const { TICKETS_EXTENSION, verifyTickets } = await import("../work/verify-tickets.ts");
      await forEach(files, [...FILMS, TICKETS_EXTENSION], async (file) => {
        const isTickets = file.toLowerCase().endsWith(TICKETS_EXTENSION);
        const verdict = await (isTickets ? verifyTickets(file) : verifyRecording(file));
        const told = "wanted" in verdict ? { file, ...verdict } : asJson(file, verdict);
        console.log(json ? JSON.stringify(told) : verdict.sentence);
        if (!verdict.ok) process.exitCode = EXIT.failed;
      });
    });
  program
    .command("export")
    .description("make an MP4 or a WebM of a recording, or a table of its ledger")
    .argument("<file>", "a recording (.mkv)")
    .addOption(new Option("-f, --format <format>", "what to make").choices(FORMATS).default("mp4"))
    .option("-o, --output <file>", "where it goes, instead of beside the recording")
    .option("--replace", "remove the MKV once the result is found to have every frame", false)
    .option("--reserve <MB>", "what is left free on the disk", megabytes, 500)
    .option("--json", "a JSON line on a terminal, too", false)
    .action((file: string, flags: ExportFlags) =>
      interruptibly(flags, async (io) => {
        const { exportFile } = await import("./export.ts");
        await exportFile(io, file, flags);
      }),
    );
  program
    .command("repair")
    .description("close recordings that ended by a crash or a power cut")
    .argument("<files...>", "recordings (.mkv), each with its ledger beside it, or folders of them")
    .action(async (files: string[]) => {
      const { repairFile } = await import("./repair-file.ts");
      await forEach(files, [".mkv"], async (file, isInFolder) => {
        console.log(await repairFile(file, isInFolder));
      });
    });
}

/** A verdict for programs: counts, not the frames themselves. Times in seconds, rates in frames a second. */
function asJson(file: string, { missing, damaged, timing, clockSteps, ...verdict }: Verdict) {
  const { rate, jitterMs, longestGap, expectedRate, exposures, neverMade } = timing ?? {};
  return {
    file,
    ...verdict,
    missing: missing.length,
    damaged: damaged.length,
    rate,
    expected_rate: expectedRate,
    jitter: inSeconds(jitterMs),
    longest_gap: inSeconds(longestGap?.ms),
    longest_gap_at: longestGap && toDateTime(longestGap.at),
    exposures,
    never_made: neverMade,
    clock_steps: clockSteps?.map((byMs) => byMs / 1000),
  };
}

function inSeconds(ms: number | undefined): number | undefined {
  return ms === undefined ? undefined : Math.round(ms * 1000) / 1e6;
}

/** One after the other. @throws {ThingError} In the end, for all that failed: the others are done all the same. */
async function forEach(
  names: readonly string[],
  kinds: readonly string[],
  work: (file: string, isInFolder: boolean) => Promise<void>,
) {
  const faults: ThingError[] = [];
  const attempt = async (one: () => Promise<void>) => {
    try {
      await one();
    } catch (error) {
      if (!(error instanceof ThingError)) throw error;
      faults.push(error);
    }
  };
  for (const name of names) {
    await attempt(async () => {
      const { files, isFolder } = await namedRecordings(name, kinds);
      for (const file of files) await attempt(() => work(file, isFolder));
    });
  }
  const [first] = faults;
  if (first) throw new ThingError(first.code, faults.map(({ message }) => message).join("\n"));
}

function megabytes(text: string): number {
  const number = text.trim() === "" ? Number.NaN : Number(text);
  if (number >= 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError("It is a number of megabytes, 0 or more.");
}

function seconds(text: string): number {
  const number = Number(text);
  if (number > 0 && Number.isFinite(number)) return number;
  throw new InvalidArgumentError("It is a number of seconds above 0.");
}

/** What is meant by a name: a file, or all recordings of a folder. */
interface Named {
  readonly files: readonly string[];
  readonly isFolder: boolean;
}

/**
 * The recordings in a folder, by name; of any other name that alone.
 * @param kinds - How their names end, in small letters: `.mkv`.
 * @throws {ThingError} `NOT_FOUND` for a folder without any, and for one that cannot be read.
 */
async function namedRecordings(name: string, kinds: readonly string[]): Promise<Named> {
  const found = await stat(name).catch(() => undefined); // what opens it says why
  if (!found?.isDirectory()) return { files: [name], isFolder: false };
  const names = await readdir(name).catch((cause) => {
    throw new ThingError("NOT_FOUND", `${name} cannot be read: ${reasonOf(cause)}.`, { cause });
  });
  const isWanted = (one: string) => kinds.some((kind) => one.toLowerCase().endsWith(kind));
  const files = names.filter((one) => !one.startsWith(".") && isWanted(one)).sort();
  if (files.length > 0) return { files: files.map((one) => join(name, one)), isFolder: true };
  throw new ThingError("NOT_FOUND", `The folder ${name} has no recording (${kinds.join(", ")}).`);
}
