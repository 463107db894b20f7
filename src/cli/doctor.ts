import { filersCheck } from "../adapters/filers/check.ts";
import { zeroMQCheck } from "../adapters/pystreaming/zeromq-check.ts";
import { thorVisionCheck } from "../adapters/thorvision/doctor-check.ts";
import type { Check, CheckResult } from "../base/checks.ts";
import { messageOf } from "../base/errors.ts";
import { accessCheck } from "./access-check.ts";
import { addonCheck, codecCheck } from "./library-checks.ts";
import { descriptorCheck, nodeCheck, portCheck, settingsCheck } from "./machine-checks.ts";
import { ffmpegCheck, gstreamerCheck } from "./program-checks.ts";

export interface DoctorOptions {
  json: boolean;
  port: number;
  settings: string;
}

type Report = CheckResult & { readonly name: string };

/** Everything that is looked at. A part that needs something of the machine adds its check here. */
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
