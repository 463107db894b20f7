import { holdersOf } from "../../base/device-holders.ts";
import { deviceTrouble } from "../../base/device-trouble.ts";
import { type ErrorCode, messageOf, ThingError } from "../../base/errors.ts";
import { thrownError } from "../../base/thrown.ts";
import type { V4l2Format, V4l2Trouble } from "./messages.ts";

/** What the system answers for a device that is not there, or is just going. */
const GONE = new Set(["ENODEV", "ENXIO", "ENOENT", "ESHUTDOWN"]);

/** What a driver's refusal of a value means for who set it. */
const REFUSALS = new Map<string, readonly [ErrorCode, string]>([
  ["EINVAL", ["INVALID_INPUT", "the camera does not accept this value"]],
  ["ERANGE", ["INVALID_INPUT", "the value is out of the camera's range"]],
  [
    "EBUSY",
    ["LOCK_BUSY", "the camera cannot change this now, for instance while it streams. Try again"],
  ],
  [
    "EACCES",
    [
      "READ_ONLY",
      "the camera does not let it be changed now. Switch off the automatic control that governs it",
    ],
  ],
  ["EPERM", ["READ_ONLY", "the camera does not let it be changed"]],
  ["EAGAIN", ["NOT_READY", "the camera is not streaming. Watch it, then try again"]],
]);

/**
 * The error for a device that could not be opened, or that failed.
 * @param own - The process id of the program that has it open for us: it is not the one that keeps it busy.
 */
export async function deviceFailure(
  trouble: V4l2Trouble,
  device: string,
  own: number | undefined,
): Promise<ThingError> {
  const busy = trouble.errno === "EBUSY" ? await busySentence(trouble, device, own) : undefined;
  const code = GONE.has(trouble.errno) ? "DISCONNECTED" : "SOURCE_FAILED";
  if (busy !== undefined) return new ThingError(code, busy);
  const errno = code === "DISCONNECTED" ? "ENODEV" : trouble.errno;
  const known = deviceTrouble(Object.assign(new Error(said(trouble)), { code: errno }));
  const failed = `The camera at ${device} failed: ${said(trouble)}. It is opened again; plug the camera in again if that fails.`;
  return new ThingError(code, known ?? failed);
}

/** The error for a command that was refused with EBUSY: it names the other program that uses the device, if one does. */
export async function busyRefusal(
  trouble: V4l2Trouble,
  device: string,
  own: number | undefined,
): Promise<ThingError> {
  const busy = await busySentence(trouble, device, own);
  return busy === undefined ? refusal(trouble) : new ThingError("LOCK_BUSY", busy);
}

/** The error for a command that the device, or its driver, refused. */
export function refusal(trouble: V4l2Trouble): ThingError {
  if (GONE.has(trouble.errno))
    return new ThingError("DISCONNECTED", "The camera is not there any more. Plug it in again.");
  if (trouble.ioctl === "timeout")
    return new ThingError("NOT_READY", "The camera did not answer in time. Try again.");
  const [code, words] = REFUSALS.get(trouble.errno) ?? [
    "NOT_READY",
    "the camera did not carry it out. Try again, or plug the camera in again",
  ];
  const offer = trouble.offers ? ` It offers ${formatText(trouble.offers)}.` : "";
  return new ThingError(code, `Refused: ${words} (${said(trouble)}).${offer}`);
}

/** Of a camera that is closed. */
export function notOpen(): ThingError {
  return new ThingError("NOT_READY", "The camera is not open. Open its Thing, then try again.");
}

/** Of a camera whose program has not described it yet. */
export function stillOpening(): ThingError {
  return new ThingError("DISCONNECTED", "The camera is being opened. Try again in a moment.");
}

/** Of a program that said nothing since it was started. */
export function muteDevice(node = "its device"): ThingError {
  return new ThingError(
    "SOURCE_FAILED",
    `The camera at ${node} could not be opened: its driver does not answer. Plug it in again.`,
  );
}

/** Of a program that hangs in an ioctl, where SIGKILL does not end it. */
export const KEPT_BY_DRIVER =
  "The camera's program did not end when it was killed: its driver keeps it. Another one is started. Plug the camera in again if that fails.";

export function asThingError(error: unknown): ThingError {
  if (error instanceof ThingError) return error;
  return new ThingError("SOURCE_FAILED", messageOf(error), { cause: thrownError(error) });
}

/** A mode in words, e.g. `MJPG 1280x720 at 30 fps`. */
export function formatText({ fourcc, width, height, interval }: V4l2Format): string {
  const rate = interval && interval[0] > 0 ? ` at ${rateOf(interval)} fps` : "";
  return `${fourcc} ${width}x${height}${rate}`;
}

/** Frames a second, with two digits after the point. */
export function rateOf([seconds, parts]: readonly [number, number]): number {
  return seconds > 0 ? Math.round((100 * parts) / seconds) / 100 : 0;
}

/** Undefined where no other program is known to have it open. */
async function busySentence(
  trouble: V4l2Trouble,
  device: string,
  own: number | undefined,
): Promise<string | undefined> {
  const all = await holdersOf(device);
  const holders = all.filter((one) => !one.endsWith(`(process ${own})`));
  if (holders.length === 0) return undefined;
  return `The camera is busy: ${holders.join(" and ")} has ${device} open. Close that program, then try again (${said(trouble)}).`;
}

function said({ ioctl, errno, message }: V4l2Trouble): string {
  return `${errno} ${ioctl}: ${message}`;
}
