import { readFile, stat } from "node:fs/promises";
import type { Check, CheckResult } from "../base/checks.ts";
import { holdersOf } from "../base/device-holders.ts";
import { messageOf } from "../base/errors.ts";
import { findLocalCameras } from "../discovery/find-cameras.ts";
import { SYSTEM_ROOTS, type SystemRoots } from "../discovery/roots.ts";
import { type V4l2Camera, V4l2Cameras, type V4l2Options } from "../discovery/v4l2-cameras.ts";
import type { Command } from "../processes/child.ts";
import { runnableProgram } from "../processes/native-program.ts";
import { type MeasuredRate, measuredRate } from "../sources/v4l2/measured-rate.ts";

/** Where cameras are looked for, and what streams one. */
export interface CameraCheckOptions extends V4l2Options {
  readonly roots?: SystemRoots;
  /** The V4L2 camera program for a device; undefined where it is not built. */
  readonly stream?: (device: string) => Command | undefined | Promise<Command | undefined>;
  /** For how long a camera is run to measure its rate, ms: 2500. */
  readonly measureMs?: number;
}

const MEASURE_MS = 2500;
/** Cameras that are measured, one after the other: they may share a bus. */
const MOST_MEASURED = 4;
/** Part of the requested rate that is still a matter of a few frames. */
const ALMOST = 0.85;

/** What is there, with formats, and who has it open. */
export function camerasCheck(options: CameraCheckOptions = {}): Check {
  return {
    name: "cameras",
    async run() {
      const results = await findLocalCameras(options);
      const cameras = results.flatMap((result) => result.cameras);
      if (cameras.length > 0) return Promise.all(cameras.map((one) => cameraResult(one, options)));
      const why = results.flatMap(({ note }) => note ?? []).join(" ");
      return {
        level: "warn",
        message: `No camera was found. ${why}`,
        fix: "Plug a camera in, then: thingscope cameras (which also searches the network)",
      };
    },
  };
}

async function cameraResult(
  {
    title,
    id,
    address,
    modes,
    problem,
  }: Pick<V4l2Camera, "title" | "id" | "address" | "modes" | "problem">,
  { roots = SYSTEM_ROOTS }: CameraCheckOptions,
): Promise<CheckResult> {
  const camera = `${title} (${id}) at ${address}`;
  if (problem) return { level: "fail", message: `${camera} cannot be used.`, fix: problem };
  const holders = await holdersOf(address, roots.proc);
  if (holders.length > 0) {
    return {
      level: "warn",
      message: `${camera} is open in ${holders.join(", ")}: nobody else can stream from it.`,
      fix: "End that program, unless it is the server that is meant to have it.",
    };
  }
  const formats = [...new Set(modes.map(({ format }) => format))].join(", ") || "unknown formats";
  const largest = [...modes].sort((a, b) => b.width * b.height - a.width * a.height)[0];
  const size = largest ? ` up to ${largest.width}x${largest.height}` : "";
  const byPort = id.includes("@")
    ? " Its serial number does not tell it from others, so it is recognised by its USB port: always use the same one."
    : "";
  return { level: "ok", message: `${camera}: ${formats}${size}.${byPort}` };
}

/** A bus of USB 2 has room for one or two streams. */
export function usbCheck(options: CameraCheckOptions = {}): Check {
  return {
    name: "usb",
    async run() {
      const cameras = await new V4l2Cameras(options).list();
      const slow = cameras.filter(({ node }) => node.usb && node.usb.speed <= 480);
      const buses = new Map<number, Set<string>>();
      for (const { node, title } of slow) {
        const { bus, port } = node.usb!;
        buses.set(bus, (buses.get(bus) ?? new Set()).add(`${title} (port ${port})`));
      }
      const shared = [...buses].filter(([, names]) => names.size > 1);
      if (shared.length === 0) return { level: "ok", message: "No two cameras share a USB 2 bus." };
      return shared.map(
        ([bus, names]): CheckResult => ({
          level: "warn",
          message: `${[...names].join(" and ")} share USB bus ${bus}, which carries 480 Mbit/s: of one raw stream at 640x480 and 30 Hz that is a third, and each camera reserves its share. The second one may fail with "No space left on device".`,
          fix: "Plug one of them into a port of another controller (lsusb -t shows them), or use MJPG and smaller sizes.",
        }),
      );
    },
  };
}

/** May this user open cameras? */
export function videoGroupCheck(
  { roots = SYSTEM_ROOTS }: CameraCheckOptions = {},
  user = currentUser(),
): Check {
  return {
    name: "video group",
    async run() {
      if (user.uid === 0)
        return { level: "ok", message: "This user is root, who may open every camera." };
      const device = await stat(`${roots.dev}/video0`).catch(() => undefined);
      const isOpenToAll = device !== undefined && (device.mode & 0o006) === 0o006;
      const groups = await readFile(`${roots.etc}/group`, "utf8").catch(() => "");
      const gid = device?.gid ?? Number(/^video:[^:]*:(\d+):/m.exec(groups)?.[1] ?? Number.NaN);
      if (isOpenToAll || Number.isNaN(gid) || user.groups.includes(gid)) {
        return { level: "ok", message: "This user may open cameras." };
      }
      const members = /^video:[^:]*:\d+:(.*)$/m.exec(groups)?.[1]?.split(",") ?? [];
      const isListed = members.includes(user.name);
      return {
        level: "warn",
        message: "This user is not in the group 'video', whose members may open cameras.",
        fix: isListed
          ? "Log out and in again: the membership is new. A service has to be restarted."
          : `sudo usermod -aG video ${user.name}, then log out and in again`,
      };
    },
  };
}

function currentUser() {
  const groups = process.getgroups?.() ?? [];
  return { uid: process.getuid?.() ?? -1, name: process.env.USER ?? "$USER", groups };
}

/** In low light automatic exposure takes longer than a frame has, and halves the rate without a word. */
export function rateCheck({
  stream = streamCommand,
  measureMs = MEASURE_MS,
  ...options
}: CameraCheckOptions = {}): Check {
  return {
    name: "frame rate",
    async run() {
      const cameras = (await new V4l2Cameras(options).list()).filter(({ problem }) => !problem);
      const results: CheckResult[] = [];
      for (const camera of cameras.slice(0, MOST_MEASURED)) {
        const { address, title } = camera;
        const holders = await holdersOf(address, options.roots?.proc);
        const command = holders.length === 0 ? await stream(address) : undefined;
        if (command) results.push(await rateResult(title, address, { command, measureMs }));
      }
      if (results.length > 0) return results;
      return {
        level: "ok",
        message: "No camera was measured: none is there that could be opened.",
      };
    },
  };
}

async function streamCommand(device: string): Promise<Command | undefined> {
  const program = await runnableProgram("v4l2-camera");
  return program === undefined ? undefined : { program, args: ["stream", device, "--idle"] };
}

async function rateResult(
  title: string,
  device: string,
  { command, measureMs }: { command: Command; measureMs: number },
): Promise<CheckResult> {
  try {
    return rateVerdict(title, await measuredRate(command, device, measureMs));
  } catch (error) {
    return { level: "warn", message: `${title} delivers no frames.`, fix: messageOf(error) };
  }
}

/** What a measured rate says of a camera. */
export function rateVerdict(
  title: string,
  { requested, measured, format }: MeasuredRate,
): CheckResult {
  const rate = `${title} delivers ${measured.toFixed(1)} frames/s in ${format}`;
  if (requested === undefined) {
    return { level: "ok", message: `${rate}; its driver does not say how many it should.` };
  }
  if (measured >= ALMOST * requested) return { level: "ok", message: `${rate}, of ${requested}.` };
  return {
    level: "warn",
    message: `${rate} instead of ${requested}: in low light automatic exposure takes longer than a frame's time.`,
    fix: "More light, or manual exposure, or the control exposure_dynamic_framerate (exposure_auto_priority) off.",
  };
}
