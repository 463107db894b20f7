/** How the stand-in's device behaves; all of it is off unless it is said. */
export interface Behaviour {
  /** Frames per second; 100. */
  readonly rate?: number;
  readonly openError?: string;
  readonly startError?: string;
  readonly setError?: string;
  /** Only commands that set this control are refused so. */
  readonly setErrorOf?: number;
  /** What an automatic control governs is another value each time that it is read. */
  readonly movesByItself?: boolean;
  /** A file that each command is appended to. */
  readonly commandLog?: string;
  readonly modeError?: string;
  /** The command that it does not come back from. */
  readonly hangsAt?: string;
  readonly crashesAt?: string;
  /** It does not say what it is. */
  readonly isMute?: boolean;
  /** It is killed at this frame. */
  readonly crashAfter?: number;
  /** It gives no frames after this one. */
  readonly muteAfter?: number;
  /** It says that its input has changed before this frame, and has a mode less. */
  readonly inputChangesAt?: number;
  /** How often it says so then; once. */
  readonly inputChanges?: number;
  /** Bytes that are no message come before this frame. */
  readonly garbageAfter?: number;
  /** Before every so many frames two are lost. */
  readonly loseEvery?: number;
  /** Every so many frames one is flagged. */
  readonly damageEvery?: number;
  /** Frames are raw pictures of 64 x 48 pixels. */
  readonly raw?: string;
  readonly clock?: "monotonic" | "copy" | "unknown";
  readonly isUntimed?: boolean;
  /** It has no controls that this one has not. */
  readonly onlyControls?: readonly string[];
}

export interface StandInControl {
  readonly id: number;
  readonly name: string;
  readonly type: string;
  readonly min: number;
  readonly max: number;
  readonly step: number;
  readonly default: unknown;
  value: unknown;
  flags: readonly string[];
  readonly menu?: readonly object[];
  readonly elems?: number;
  readonly dims?: readonly number[];
}

const sizes = (...known: readonly (readonly [number, number])[]) =>
  known.map(([width, height]) => {
    const intervals = [30, 15].map((rate) => ({ type: "discrete", interval: [1, rate] }));
    return { type: "discrete", width, height, intervals };
  });

export const MODES = [
  {
    ...{ fourcc: "MJPG", description: "Motion-JPEG", compressed: true, payload: "jpeg" },
    sizes: sizes([640, 480], [320, 240], [1280, 960]),
  },
  {
    ...{ fourcc: "YUYV", description: "YUYV 4:2:2", compressed: false, payload: "encoded" },
    sizes: sizes([640, 480]),
  },
];

export const BRIGHTNESS = 0x0098_0900;
export const GAIN = 0x0098_0913;
export const WHITE_BALANCE = 0x0098_091a;
export const AUTO_WHITE_BALANCE = 0x0098_090c;
export const AUTO_EXPOSURE = 0x009a_0901;
export const EXPOSURE_TIME = 0x009a_0902;
const NONE = { min: 0, max: 0, step: 0, default: null, value: null };

const CONTROLS: readonly StandInControl[] = [
  control(BRIGHTNESS, "Brightness", "integer", { min: 0, max: 255, step: 1, default: 128 }),
  control(GAIN, "Gain", "integer", { min: 1, max: 100, step: 3, default: 1 }),
  control(AUTO_WHITE_BALANCE, "White Balance, Automatic", "boolean", {
    ...{ min: 0, max: 1, step: 1, default: true },
    flags: ["update"],
  }),
  control(WHITE_BALANCE, "White Balance Temperature", "integer", {
    ...{ min: 2800, max: 6500, step: 10, default: 4600 },
  }),
  control(AUTO_EXPOSURE, "Auto Exposure", "menu", {
    ...{ min: 0, max: 3, step: 1, default: 3, flags: ["update"] },
    menu: [
      { index: 1, name: "Manual Mode" },
      { index: 3, name: "Aperture Priority Mode" },
    ],
  }),
  control(EXPOSURE_TIME, "Exposure Time, Absolute", "integer", {
    ...{ min: 3, max: 2047, step: 1, default: 250 },
  }),
  control(0x009a_0910, "Privacy", "boolean", {
    ...{ min: 0, max: 1, step: 1, default: false, flags: ["read-only"] },
  }),
  control(0x009a_091c, "Auto Focus, Start", "button", { ...NONE, flags: ["write-only"] }),
  control(0x009a_0913, "Auto Exposure, Bias", "integer-menu", {
    ...{ min: 0, max: 2, step: 1, default: 1 },
    menu: [-1000, 0, 1000].map((value, index) => ({ index, value })),
  }),
  control(0x0080_1001, "Temperature Of Sensor", "integer", {
    ...{ min: 0, max: 1_000_000, step: 1, default: 0, flags: ["read-only", "volatile"] },
  }),
  control(0x0080_1002, "Lens Name", "string", { min: 0, max: 20, step: 1, default: "" }),
  control(0x0080_1003, "Locks", "bitmask", { min: 0, max: 7, step: 0, default: 0 }),
  control(0x0080_1004, "Counter", "integer64", { min: 0, max: 2 ** 60, step: 1, default: 0 }),
  control(0x0080_1005, "Gamma Curve", "u16", {
    ...{ min: 0, max: 1000, step: 1, default: 0, elems: 3, dims: [3] },
  }),
  control(0x0080_1006, "Brightness", "integer", { min: 0, max: 9, step: 1, default: 5 }),
  control(0x0080_1007, "State", "integer", { min: 0, max: 9, step: 1, default: 5 }),
  control(0x0080_1008, "Calibration", "compound", NONE),
];

function control(
  id: number,
  name: string,
  type: string,
  {
    value,
    flags = [],
    ...more
  }: Omit<StandInControl, "id" | "name" | "type" | "value" | "flags"> &
    Partial<Pick<StandInControl, "value" | "flags">>,
): StandInControl {
  const first = more.elems === undefined ? more.default : Array(more.elems).fill(more.default);
  return { id, name, type, ...more, value: value ?? first, flags };
}

/** The controls, of which automatic ones make others inactive. */
export function controlsOf(
  { onlyControls }: Behaviour,
  now: readonly StandInControl[] = CONTROLS,
): StandInControl[] {
  const valueNow = (id: number) => now.find((one) => one.id === id)?.value;
  const isInactive = new Map([
    [EXPOSURE_TIME, valueNow(AUTO_EXPOSURE) === 3],
    [WHITE_BALANCE, valueNow(AUTO_WHITE_BALANCE) === true],
  ]);
  return now
    .filter(({ name }) => onlyControls?.includes(name) ?? true)
    .map((one) => {
      if (!isInactive.has(one.id)) return { ...one };
      return { ...one, flags: isInactive.get(one.id) ? ["inactive"] : [] };
    });
}
