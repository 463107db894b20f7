import type { TSchema } from "typebox";

/** Groups of controls, as pages lay them out: `@type` of their properties. */
export type ControlGroup =
  | "ExposureControl"
  | "WhiteBalanceControl"
  | "FocusControl"
  | "ImageControl"
  | "CameraControl";

/** A control of a device, as the program that knows the device describes it. */
export interface DeviceControl {
  /** Of its property. */
  readonly name: string;
  readonly title: string;
  readonly description?: string;
  /** Of its value, with the limits that it has now. */
  readonly schema: TSchema;
  readonly value: unknown;
  readonly isReadOnly?: boolean;
  readonly group?: ControlGroup;
}

const GROUPS: readonly (readonly [RegExp, ControlGroup])[] = [
  [/white.?balance|^awb|colou?r.?(temp|gain)|balance.?ratio/i, "WhiteBalanceControl"],
  [/focus|lens.?position/i, "FocusControl"],
  [
    /exposure|shutter|gain|iso\b|^iso|aperture|f-?number|metering|^ev$|black.?level/i,
    "ExposureControl",
  ],
  [
    /^(width|height|offset|binning|pixel.?format|reverse|image|picture)|brightness|contrast|saturation|sharpness|gamma|denoise|flip|rotation|hue/i,
    "ImageControl",
  ],
];

/** The group of a control that says nothing of it but its name. */
export function groupOf(name: string): ControlGroup {
  return GROUPS.find(([words]) => words.test(name))?.[1] ?? "CameraControl";
}
