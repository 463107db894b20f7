import { messageOf, ThingError } from "../base/errors.ts";

/** The Debian package that has a program. */
const PACKAGES: Readonly<Record<string, string>> = {
  "gst-launch-1.0": "gstreamer1.0-tools",
  "gst-inspect-1.0": "gstreamer1.0-tools",
  ffmpeg: "ffmpeg",
  ffprobe: "ffmpeg",
  "rpicam-vid": "rpicam-apps",
  "rpicam-still": "rpicam-apps",
  "libcamera-vid": "libcamera-apps",
  "libcamera-still": "libcamera-apps",
  "arv-tool-0.8": "aravis-tools-cli",
  gphoto2: "gphoto2",
  "v4l2-ctl": "v4l-utils",
};

/** Why an installed program cannot be started, and what helps. */
const REFUSALS: Readonly<Record<string, string>> = {
  EAGAIN:
    "too many processes run already. End some, or raise the limit (ulimit -u; TasksMax= of a service)",
  EMFILE:
    "this server has too many files and connections open. Raise the limit (ulimit -n; LimitNOFILE= of a service)",
  ENFILE:
    "too many files are open on the whole machine. End programs that hold them open, or raise fs.file-max (sysctl)",
  ENOMEM: "there is not enough memory for it. End other programs, or add memory to this machine",
  EACCES: "this user may not execute its file. Correct its permissions (chmod +x)",
  EPERM: "this user may not execute it. Correct its permissions, or the sandbox of this server",
  E2BIG: "its arguments are too long. Put the pipeline into a file",
};

/** The error for a program that is not installed. */
function programMissing(program: string, options: ErrorOptions = {}): ThingError {
  const name = PACKAGES[program];
  const how = name ? `Install it: apt-get install ${name}.` : "Install it, or correct its name.";
  return new ThingError(
    "PROGRAM_MISSING",
    `The program '${program}' is not installed. ${how}`,
    options,
  );
}

/**
 * The error for a program that could not be started, told as what it is: `PROGRAM_MISSING` when it is not there,
 * `PROGRAM_REFUSED` when this machine starts no more programs, or not this one.
 */
export function startFailure(program: string, cause: unknown): ThingError {
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (code === "ENOENT" || code === "ENOTDIR") return programMissing(program, { cause });
  const why = REFUSALS[code] ?? messageOf(cause);
  return new ThingError(
    "PROGRAM_REFUSED",
    `This machine refused to start '${program}': ${why}${code && why !== messageOf(cause) ? ` (${code})` : ""}.`,
    { cause },
  );
}
