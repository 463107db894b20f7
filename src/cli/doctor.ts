import { filersCheck } from "../adapters/filers/check.ts";
import { zeroMQCheck } from "../adapters/pystreaming/zeromq.ts";
import { thorVisionCheck } from "../adapters/thorvision/doctor-check.ts";
import { within } from "../base/abort.ts";
import type { Check, CheckResult } from "../base/checks.ts";
import { messageOf, ThingError } from "../base/errors.ts";
import { accessCheck, certificateCheck } from "./access-checks.ts";
import { camerasCheck, rateCheck, usbCheck, videoGroupCheck } from "./camera-checks.ts";
import { visible } from "./client-output.ts";
import { clockCheck, realTimeClockCheck } from "./clock-checks.ts";
import { codecCheck, nativeCheck } from "./library-checks.ts";
import { descriptorCheck, nodeCheck, portCheck, settingsCheck } from "./machine-checks.ts";
import { lanCheck } from "./network-checks.ts";
import { ffmpegCheck, gstreamerCheck, kindsCheck } from "./program-checks.ts";

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
    nativeCheck,
    gstreamerCheck,
    ffmpegCheck,
    kindsCheck,
    thorVisionCheck,
    zeroMQCheck,
    portCheck(port),
    settingsCheck(settings),
    accessCheck(settings),
    certificateCheck(settings),
    descriptorCheck,
    clockCheck(),
    realTimeClockCheck(),
    lanCheck(port),
    filersCheck,
  ];
}

/** Those that open cameras: one after the other, or one would find the other one at a camera. */
const cameraChecks = (): Check[] => [camerasCheck(), videoGroupCheck(), usbCheck(), rateCheck()];

/** Prints what each check found. @returns Whether none failed. */
export async function doctor(options: DoctorOptions): Promise<boolean> {
  const [others, cameras] = await Promise.all([
    Promise.all(checks(options).map(reportsOf)),
    oneByOne(cameraChecks()),
  ]);
  const reports = [...others, ...cameras].flat();
  if (options.json) console.log(JSON.stringify(reports, undefined, 2));
  else for (const report of reports) console.log(visible(lineOf(report)));
  return reports.every(({ level }) => level !== "fail");
}

async function oneByOne(checks: readonly Check[]): Promise<Report[][]> {
  const reports: Report[][] = [];
  for (const check of checks) reports.push(await reportsOf(check));
  return reports;
}

/** GStreamer's first call scans all its plugins. */
const LIMIT_MS = 30_000;

/** A check that throws, or does not end, has found something, too. */
export async function reportsOf(check: Check): Promise<Report[]> {
  const { name, limitMs = LIMIT_MS } = check;
  const tooLate = new ThingError(
    "NOT_READY",
    `This check took longer than ${limitMs / 1000} s and was left.`,
  );
  try {
    const results = await within(Promise.resolve(check.run()), limitMs, () => tooLate);
    return [results].flat().map((result) => ({ name, ...result }));
  } catch (error) {
    const isLate = error === tooLate;
    return [{ name, level: "fail", message: messageOf(error), ...(isLate && { fix: HANGS }) }];
  }
}

const HANGS = "Look for what it examines: a device, a disk or a program that does not answer.";

function lineOf({ level, name, message, fix }: Report): string {
  const line = `${level.toUpperCase().padEnd(5)} ${name.padEnd(12)} ${message}`;
  return fix ? `${line}\n${" ".repeat(19)}${fix}` : line;
}
