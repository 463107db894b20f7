/** How a camera is reached. */
export type CameraKind = "v4l2" | "raspberry-pi" | "genicam" | "onvif" | "thingscope";

/** A picture format of a camera, with the sizes and rates that it has. */
export interface FoundMode {
  /** The device's word for it: `MJPG`, `YUYV`, `Mono8`. */
  readonly format: string;
  /** px */
  readonly width: number;
  /** px */
  readonly height: number;
  /** Frames a second, fastest first; empty where the device does not list them. */
  readonly rates: readonly number[];
}

/** A camera that is there and could be served. */
export interface FoundCamera {
  /** Serial number and USB port, or address: the same after it was unplugged, whatever number the system gives it. */
  readonly id: string;
  readonly kind: CameraKind;
  /** What its maker calls it. */
  readonly title: string;
  /** Where it is now: `/dev/video0`, or a URL. */
  readonly address: string;
  /** Empty where they are unknown. */
  readonly modes: readonly FoundMode[];
  /** The entry of a configuration that serves it. */
  readonly config: { readonly class: string; readonly kwargs: Readonly<Record<string, unknown>> };
  /** Why it cannot be used now, and what to do about it: a sentence. */
  readonly problem?: string;
}

const LONGEST_NAME = 100; // characters

/** A name that comes from a device, as a part of a line: it can neither begin another line nor turn the direction of text. */
export function oneLine(name: string): string {
  return name
    .slice(0, 10 * LONGEST_NAME)
    .replace(/[\p{C}\s]+/gu, " ")
    .trim()
    .slice(0, LONGEST_NAME);
}
