import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { filersCheck } from "../adapters/filers/check.ts";
import { zeroMQCheck } from "../adapters/pystreaming/zeromq.ts";
import { thorVisionCheck } from "../adapters/thorvision/doctor-check.ts";
import type { Check, CheckResult } from "../base/checks.ts";
import { messageOf } from "../base/errors.ts";
import { programVersion, requireElements } from "../processes/programs.ts";
import { AccountsFile, secretsFolder } from "../server/access/login/accounts-file.ts";
import { addonCheck, codecCheck } from "./library-checks.ts";
import { descriptorCheck, nodeCheck, portCheck, settingsCheck } from "./machine-checks.ts";

export interface DoctorOptions {
  json: boolean;
  port: number;
  settings: string;
}

type Report = CheckResult & { readonly name: string };

/** All checks. A part that needs something of the machine adds its check here. */
function checks({ port, settings }: DoctorOptions): Check[] {
  return [
    nodeCheck,
    codecCheck,
    addonCheck,
    gstreamerCheck,
    ffmpegCheck,
    thorVisionCheck,
    zeroMQCheck,
    portCheck(port),
    settingsCheck(settings),
    accessCheck(settings),
    descriptorCheck,
    filersCheck,
  ];
}

/** Prints what each check found. @returns Whether none failed. */
export async function doctor(options: DoctorOptions): Promise<boolean> {
  const reports = await Promise.all(checks(options).map(reportOf));
  if (options.json) console.log(JSON.stringify(reports, undefined, 2));
  else for (const report of reports) console.log(lineOf(report));
  return reports.every(({ level }) => level !== "fail");
}

/** A check that throws has found something, too. */
async function reportOf(check: Check): Promise<Report> {
  try {
    return { name: check.name, ...(await check.run()) };
  } catch (error) {
    return { name: check.name, level: "fail", message: messageOf(error) };
  }
}

function lineOf({ level, name, message, fix }: Report): string {
  const line = `${level.toUpperCase().padEnd(5)} ${name.padEnd(12)} ${message}`;
  return fix ? `${line}\n${" ".repeat(19)}${fix}` : line;
}

/** What a camera that is a pipeline needs, beside its own source. */
const ELEMENTS = ["videoconvert", "jpegenc", "gdppay", "fdsink"];

/** Can GStreamer's pipelines be cameras? */
const gstreamerCheck: Check = {
  name: "gstreamer",
  async run() {
    try {
      const version = await programVersion("gst-launch-1.0");
      await requireElements(ELEMENTS);
      return { level: "ok", message: `${version} has the elements that cameras need.` };
    } catch (error) {
      return withoutPipelines(error);
    }
  },
};

/** Can ffmpeg's commands be cameras? */
const ffmpegCheck: Check = {
  name: "ffmpeg",
  async run() {
    try {
      return { level: "ok", message: `${shortVersion(await programVersion("ffmpeg"))} runs.` };
    } catch (error) {
      return withoutPipelines(error);
    }
  },
};

function withoutPipelines(error: unknown) {
  const [message = "", fix = ""] = messageOf(error).split(/(?<=installed\.|'\.) /);
  return { level: "warn" as const, message: `${message} Cameras that need it cannot run.`, fix };
}

/** `ffmpeg version 5.1.6 Copyright ...` without what follows the number. */
function shortVersion(line: string): string {
  return /^\S+ version \S+/.exec(line)?.[0] ?? line;
}

const SOON_MS = 30 * 24 * 3600_000;

/** Are the accounts readable, and only by this user? Changes nothing. */
function accessCheck(settings: string): Check {
  const folder = secretsFolder(resolve(settings));
  return {
    name: "access",
    async run() {
      const found = await stat(join(folder, "accounts.json")).catch(() => undefined);
      if (!found)
        return { level: "ok", message: "No accounts are configured in this settings folder." };
      const openTo = (await othersMayRead(folder)) ?? (await expiring(folder));
      if (openTo) return openTo;
      const { users, tokens } = (await new AccountsFile(folder).peek()).data;
      const ended = Object.values(tokens).filter(({ expires }) => Date.parse(expires) < Date.now());
      const counts = `${Object.keys(users).length} users and ${Object.keys(tokens).length} tokens`;
      const message = `${counts} may log in${ended.length > 0 ? `; ${ended.length} of the tokens have expired` : ""}.`;
      return { level: "ok", message };
    },
  };
}

async function othersMayRead(folder: string): Promise<CheckResult | undefined> {
  for (const path of ["", "accounts.json", "sessions.json", "key.pem"]) {
    const full = join(folder, path);
    const found = await stat(full).catch(() => undefined);
    if (!found || (found.mode & 0o077) === 0) continue;
    return {
      level: "warn",
      message: `Other users of this computer may read ${full}, which contains secrets.`,
      fix: `chmod -R go= ${folder}`,
    };
  }
  return undefined;
}

async function expiring(folder: string): Promise<CheckResult | undefined> {
  const pem = await readFile(join(folder, "certificate.pem")).catch(() => undefined);
  if (!pem) return undefined;
  const { validTo } = new X509Certificate(pem);
  if (Date.parse(validTo) - Date.now() > SOON_MS) return undefined;
  return {
    level: "warn",
    message: `The server's own certificate expires on ${validTo}.`,
    fix: "Restart the server: --tls auto creates a new one.",
  };
}
