import { EventEmitter } from "node:events";

/** The unit of the device that has a control, by its number in the descriptors. */
export const UNITS = { camera: 1, processing: 2 } as const;
export type Unit = keyof typeof UNITS;

interface ControlKind {
  readonly unit: Unit;
  /** Number of the control in its unit (UVC 1.5, A.9.4 and A.9.5). */
  readonly selector: number;
  /** Its bit in the unit's bmControls. */
  readonly bit: number;
  readonly bytes: 1 | 2 | 4;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly initial: number;
  /** Set while that control has one of these values: this one refuses to be set. */
  readonly automatic?: readonly [control: string, ...values: number[]];
}

/** Auto exposure: 1 is manual, 8 is aperture priority. */
const APERTURE_PRIORITY = 8;

/** As webcams have them, by V4L2's names of them. The ranges are those of a Logitech C920, mostly. */
export const CONTROLS = {
  brightness: processing(2, 0, 2, [-64, 64, 1], 0),
  contrast: processing(3, 1, 2, [0, 255, 1], 32),
  hue: processing(6, 2, 2, [-180, 180, 1], 0),
  saturation: processing(7, 3, 2, [0, 255, 1], 64),
  sharpness: processing(8, 4, 2, [0, 7, 1], 3),
  white_balance_temperature: {
    ...processing(10, 6, 2, [2800, 6500, 10], 4600),
    automatic: ["white_balance_automatic", 1],
  },
  gain: processing(4, 9, 2, [0, 255, 1], 0),
  power_line_frequency: processing(5, 10, 1, [0, 2, 1], 1),
  white_balance_automatic: processing(11, 12, 1, [0, 1, 1], 1),
  /** A set of modes; `step` is the set of those that it has. */
  auto_exposure: camera(2, 1, 1, [1, 8, 9], APERTURE_PRIORITY),
  exposure_time_absolute: {
    ...camera(4, 3, 4, [3, 2047, 1], 250),
    automatic: ["auto_exposure", APERTURE_PRIORITY],
  },
  focus_absolute: {
    ...camera(6, 5, 2, [0, 250, 5], 0),
    automatic: ["focus_automatic_continuous", 1],
  },
  zoom_absolute: camera(11, 9, 2, [100, 500, 1], 100),
  focus_automatic_continuous: camera(8, 17, 1, [0, 1, 1], 1),
} as const satisfies Readonly<Record<string, ControlKind>>;

export type ControlName = keyof typeof CONTROLS;

/** What the camera says of a request that it has refused (UVC 1.5, 4.2.1.2). */
const [NO_ERROR, WRONG_STATE, OUT_OF_RANGE, INVALID_CONTROL, INVALID_REQUEST] = [0, 2, 4, 6, 7];
/** Of bmInfo: can be read, can be set, cannot be set for now, and changes by itself. */
const [READABLE, SETTABLE, DISABLED, CHANGES] = [1, 2, 4, 8];

interface Events {
  /** The kernel has set a control: it reached the device. */
  set: [name: ControlName, value: number];
}

/** The controls of one camera, and their answers to requests. */
export class Controls extends EventEmitter<Events> {
  readonly #values = new Map<ControlName, number>();
  readonly #refusals = new Map<ControlName, number>();
  readonly #broken = new Set<ControlName>();
  #error = NO_ERROR;

  constructor() {
    super();
    for (const [name, { initial }] of entries()) this.#values.set(name, initial);
  }

  get(name: ControlName): number {
    return this.#values.get(name)!;
  }

  /** Changed by the camera itself, as its automatic does; nobody is told. */
  put(name: ControlName, value: number): void {
    this.#values.set(name, value);
  }

  /** From now on `name` cannot be set: with an error of UVC, such as 1 (not ready) or 3 (power); 0 ends that. */
  refuse(name: ControlName, error: number): void {
    this.#refusals.set(name, error);
  }

  /** From now on the camera cannot say what `name` is, as with faults of firmware. */
  break(name: ControlName): void {
    this.#broken.add(name);
  }

  /** @returns Undefined to refuse. */
  request(unit: number, selector: number, request: number, data: Buffer): Uint8Array | undefined {
    if (unit === 0 && selector === 2) return Buffer.from([this.#error]);
    this.#error = NO_ERROR;
    const found = entries().find(
      ([, kind]) => UNITS[kind.unit] === unit && kind.selector === selector,
    );
    if (!found) return this.#refused(INVALID_CONTROL);
    const [name, kind] = found;
    if (request === 0x01) return this.#set(name, kind, data);
    if (request === 0x86) return Buffer.from([this.#info(kind)]);
    if (this.#broken.has(name)) return this.#refused(INVALID_REQUEST);
    if (request === 0x85) return Buffer.from([kind.bytes, 0]);
    const value = { 129: this.get(name), 130: kind.min, 131: kind.max, 132: kind.step }[request];
    if (value !== undefined) return numberBytes(value, kind.bytes);
    return request === 0x87
      ? numberBytes(kind.initial, kind.bytes)
      : this.#refused(INVALID_REQUEST);
  }

  #set(name: ControlName, kind: ControlKind, data: Buffer): Uint8Array | undefined {
    const value =
      kind.min < 0 ? data.readIntLE(0, kind.bytes) : data.readUIntLE(0, Math.min(kind.bytes, 6));
    const refusal = this.#refusals.get(name);
    if (refusal) return this.#refused(refusal);
    if (this.#isAutomatic(kind)) return this.#refused(WRONG_STATE);
    if (value < kind.min || value > kind.max) return this.#refused(OUT_OF_RANGE);
    this.#values.set(name, value);
    this.emit("set", name, value);
    return Buffer.alloc(0);
  }

  #refused(error: number): undefined {
    this.#error = error;
  }

  #info(kind: ControlKind): number {
    const automatic = kind.automatic ? CHANGES : 0;
    return READABLE | SETTABLE | automatic | (this.#isAutomatic(kind) ? DISABLED : 0);
  }

  #isAutomatic({ automatic }: ControlKind): boolean {
    if (!automatic) return false;
    const [name, ...values] = automatic;
    return isControlName(name) && values.includes(this.get(name));
  }
}

export function numberBytes(value: number, bytes: number): Buffer {
  const buffer = Buffer.alloc(bytes);
  if (value < 0) buffer.writeIntLE(value, 0, bytes);
  else buffer.writeUIntLE(value, 0, bytes);
  return buffer;
}

/** The controls of `unit` as its bmControls. */
export function controlBits(unit: Unit): number {
  return entries()
    .filter(([, kind]) => kind.unit === unit)
    .reduce((bits, [, { bit }]) => bits | (1 << bit), 0);
}

function entries(): [ControlName, ControlKind][] {
  return Object.entries(CONTROLS).flatMap(([name, kind]): [ControlName, ControlKind][] =>
    isControlName(name) ? [[name, kind]] : [],
  );
}

function isControlName(name: string): name is ControlName {
  return name in CONTROLS;
}

function processing(
  selector: number,
  bit: number,
  bytes: 1 | 2 | 4,
  [min, max, step]: readonly [number, number, number],
  initial: number,
) {
  return { unit: "processing", selector, bit, bytes, min, max, step, initial } as const;
}

function camera(...kind: Parameters<typeof processing>) {
  return { ...processing(...kind), unit: "camera" } as const;
}
