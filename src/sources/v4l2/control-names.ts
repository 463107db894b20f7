/** Groups of controls, as pages lay them out. */
export type ControlGroup = "exposure" | "white balance" | "focus" | "image" | "other";

/** What V4L2 lays down about a control beyond what its driver tells. */
export interface ControlFacts {
  readonly group: ControlGroup;
  /** The unit that V4L2 defines for its values; absent where the driver may use any. */
  readonly unit?: string;
  /** Ids of the controls that may take it over, e.g. automatic exposure. */
  readonly governors?: readonly number[];
}

const USER = 0x0098_0900;
const CAMERA = 0x009a_0900;
const JPEG = 0x009d_0900;
const IMAGE_SOURCE = 0x009e_0900;
const IMAGE_PROCESSING = 0x009f_0900;

const AUTO_WHITE_BALANCE = [USER + 12, CAMERA + 20];
const AUTO_EXPOSURE = [CAMERA + 1];

/**
 * By the id of the control.
 * @see include/uapi/linux/v4l2-controls.h; "User Controls", "Camera Control Reference", "Image Source Control Reference" and
 * "Image Process Control Reference" of the Linux media documentation.
 */
const FACTS = new Map<number, ControlFacts>([
  [USER + 0, { group: "image", governors: [USER + 32] }], // brightness, automatic brightness
  [USER + 1, { group: "image" }], // contrast
  [USER + 2, { group: "image" }], // saturation
  [USER + 3, { group: "image", governors: [USER + 25] }], // hue, automatic hue
  [USER + 11, { group: "image" }], // black level
  [USER + 12, { group: "white balance" }], // automatic white balance
  [USER + 13, { group: "white balance" }], // do white balance
  [USER + 14, { group: "white balance", governors: AUTO_WHITE_BALANCE }], // red balance
  [USER + 15, { group: "white balance", governors: AUTO_WHITE_BALANCE }], // blue balance
  [USER + 16, { group: "image" }], // gamma
  [USER + 17, { group: "exposure", governors: AUTO_EXPOSURE }], // exposure
  [USER + 18, { group: "exposure" }], // automatic gain
  [USER + 19, { group: "exposure", governors: [USER + 18, CAMERA + 1] }], // gain
  [USER + 20, { group: "image" }], // horizontal flip
  [USER + 21, { group: "image" }], // vertical flip
  [USER + 24, { group: "exposure" }], // power line frequency
  [USER + 25, { group: "image" }], // automatic hue
  [USER + 26, { group: "white balance", unit: "K", governors: AUTO_WHITE_BALANCE }],
  [USER + 27, { group: "image" }], // sharpness
  [USER + 28, { group: "exposure" }], // backlight compensation
  [USER + 29, { group: "image" }], // automatic chroma gain
  [USER + 30, { group: "image" }], // color killer
  [USER + 31, { group: "image" }], // color effects
  [USER + 32, { group: "image" }], // automatic brightness
  [USER + 33, { group: "exposure" }], // band-stop filter
  [USER + 34, { group: "image", unit: "deg" }], // rotation
  [USER + 36, { group: "image", governors: [USER + 29] }], // chroma gain
  [CAMERA + 1, { group: "exposure" }], // automatic exposure
  [CAMERA + 2, { group: "exposure", unit: "100 us", governors: AUTO_EXPOSURE }], // exposure time
  [CAMERA + 3, { group: "exposure" }], // whether exposure may lower the frame rate
  [CAMERA + 8, { group: "other", unit: "arcsec" }], // pan
  [CAMERA + 9, { group: "other", unit: "arcsec" }], // tilt
  [CAMERA + 10, { group: "focus", governors: [CAMERA + 12] }], // focus
  [CAMERA + 11, { group: "focus", governors: [CAMERA + 12] }], // focus, relative
  [CAMERA + 12, { group: "focus" }], // continuous autofocus
  [CAMERA + 17, { group: "exposure", governors: AUTO_EXPOSURE }], // iris
  [CAMERA + 18, { group: "exposure", governors: AUTO_EXPOSURE }], // iris, relative
  [CAMERA + 19, { group: "exposure" }], // exposure bias; its menu is in 0.001 EV
  [CAMERA + 20, { group: "white balance" }], // preset of white balance
  [CAMERA + 21, { group: "exposure" }], // wide dynamic range
  [CAMERA + 23, { group: "exposure", governors: [CAMERA + 24] }], // ISO sensitivity
  [CAMERA + 24, { group: "exposure" }], // automatic ISO sensitivity
  [CAMERA + 25, { group: "exposure" }], // metering
  [CAMERA + 26, { group: "exposure" }], // scene mode
  [CAMERA + 27, { group: "exposure" }], // locks of exposure, white balance and focus
  [CAMERA + 28, { group: "focus" }], // start autofocus
  [CAMERA + 29, { group: "focus" }], // stop autofocus
  [CAMERA + 30, { group: "focus" }], // state of autofocus
  [CAMERA + 31, { group: "focus" }], // range of autofocus
  [CAMERA + 35, { group: "other", unit: "deg" }], // rotation of the sensor in its housing
  [CAMERA + 36, { group: "exposure" }], // HDR mode of the sensor
  [JPEG + 3, { group: "image" }], // compression quality
  [IMAGE_SOURCE + 3, { group: "exposure", governors: AUTO_EXPOSURE }], // analogue gain
  [IMAGE_PROCESSING + 1, { group: "other", unit: "Hz" }], // link frequency
  [IMAGE_PROCESSING + 3, { group: "image" }], // test pattern
  [IMAGE_PROCESSING + 5, { group: "exposure", governors: AUTO_EXPOSURE }], // digital gain
]);

/** What is known of a control; group `other` for those of drivers alone. */
export function controlFacts(id: number): ControlFacts {
  return FACTS.get(id) ?? { group: "other" };
}

/** Longer names than this are cut. */
const LONGEST_NAME = 60;

/**
 * A control's name as that of a property: `exposure_time_absolute` for "Exposure Time, Absolute".
 * @param taken - Names that are in use: the result gets a number at its end until it is none of them.
 */
export function propertyName(name: string, taken: (name: string) => boolean): string {
  const words = name.toLowerCase().match(/[a-z0-9]+/g) ?? ["control"];
  const snake = words.join("_").slice(0, LONGEST_NAME);
  const base = /^[a-z]/.test(snake) ? snake : `control_${snake}`;
  for (let number = 1; ; number++) {
    const candidate = number === 1 ? base : `${base}_${number}`;
    if (!taken(candidate)) return candidate;
  }
}
