import { ThingError } from "thingscope";
import {
  type CameraPreset,
  ControlledCamera,
  type ControlValues,
  type DeviceControl,
  type PresetOptions,
  runProgram,
  type StillPicture,
  stillOf,
} from "thingscope/frames";
import { type TSchema, Type } from "typebox";

const OPTIONS = {
  camera: Type.Integer({
    default: 0,
    minimum: 0,
    maximum: 9,
    description: "Its number in rpicam-hello --list-cameras",
  }),
  width: Type.Integer({ default: 1280, minimum: 64, maximum: 16_384, unit: "px" }),
  height: Type.Integer({ default: 720, minimum: 64, maximum: 16_384, unit: "px" }),
  framerate: Type.Number({ default: 30, minimum: 0.1, maximum: 500, unit: "Hz" }),
  quality: Type.Integer({ default: 80, minimum: 1, maximum: 100 }),
  mode: Type.Optional(
    Type.String({
      description: "The sensor's mode: width:height:bits, and :P or :U",
      pattern: "^\\d{2,5}:\\d{2,5}(:\\d{1,2}(:[PU])?)?$",
    }),
  ),
  tuning_file: Type.Optional(Type.String({ pattern: "^/[\\w./-]+$" })),
};
type Options = PresetOptions<typeof OPTIONS>;

const fraction = (minimum: number, maximum: number) => Type.Number({ minimum, maximum });
/** Options of rpicam-vid, by the property's name: title, schema, what it is unless it is set. */
const CONTROLS: Readonly<
  Record<string, readonly [title: string, schema: TSchema, initial: unknown]>
> = {
  brightness: ["Brightness", fraction(-1, 1), 0],
  contrast: ["Contrast", fraction(0, 15.99), 1],
  saturation: ["Saturation", fraction(0, 15.99), 1],
  sharpness: ["Sharpness", fraction(0, 15.99), 1],
  ev: ["Exposure compensation, in stops", fraction(-10, 10), 0],
  shutter: [
    "Exposure time; 0: automatic",
    Type.Integer({ minimum: 0, maximum: 670_000_000, unit: "us" }),
    0,
  ],
  gain: ["Gain; 0: automatic", fraction(0, 64), 0],
  exposure: ["Automatic exposure prefers", Type.Enum(["normal", "sport", "long"]), "normal"],
  metering: ["Automatic exposure measures", Type.Enum(["centre", "spot", "average"]), "centre"],
  awb: [
    "White balance",
    Type.Enum(["auto", "incandescent", "tungsten", "fluorescent", "indoor", "daylight", "cloudy"]),
    "auto",
  ],
  denoise: ["Noise reduction", Type.Enum(["auto", "off", "cdn_off", "cdn_fast", "cdn_hq"]), "auto"],
  hflip: ["Mirrored", Type.Boolean(), false],
  vflip: ["Upside down", Type.Boolean(), false],
  roi: [
    "Part of the picture that is shown: x, y, width, height, each 0 to 1",
    Type.String({
      pattern: "^(0|1|0?\\.\\d{1,4}|[01]\\.\\d{1,4})(,(0|1|0?\\.\\d{1,4}|[01]\\.\\d{1,4})){3}$",
    }),
    "0,0,1,1",
  ],
};
/** Of cameras with a lens that moves. */
const FOCUS: typeof CONTROLS = {
  autofocus_mode: ["Autofocus", Type.Enum(["default", "manual", "auto", "continuous"]), "default"],
  autofocus_range: ["Autofocus searches", Type.Enum(["normal", "macro", "full"]), "normal"],
  lens_position: ["Distance in dioptres, with manual focus; 0: infinity", fraction(0, 32), 0],
};
const FOCUSES = /^(imx708|imx519|ov64a40|arducam_64mp)/;
const LINE = /^\s*(\d+) : (\S+) \[([^\]]*)\]/gm;

function pipeline(program: string) {
  return (options: Options, values: ControlValues) => ({
    pipeline: [
      program,
      "-t",
      "0",
      "--codec=mjpeg",
      "--flush",
      ...sizeWords(options),
      ...words(options, values),
    ],
  });
}

const MISSING =
  "is not there. Check that its ribbon cable is seated at both ends, and list what is found with rpicam-hello --list-cameras; a camera that is not Raspberry Pi's own may need its dtoverlay in /boot/firmware/config.txt.";

const PI: CameraPreset<typeof OPTIONS, ControlValues> = {
  options: OPTIONS,
  programs: [
    { program: "rpicam-vid", pipeline: pipeline("rpicam-vid") },
    { program: "libcamera-vid", pipeline: pipeline("libcamera-vid") },
  ],
  failures: [
    {
      says: /no cameras available|selected camera is not available/i,
      code: "DISCONNECTED",
      sentence: ({ camera }) => `Camera ${camera} of this Raspberry Pi ${MISSING}`,
    },
    {
      says: /failed to acquire camera|in use by another process|Device or resource busy/i,
      code: "SOURCE_FAILED",
      sentence:
        "Another program has the camera open. End it (rpicam-hello, motion, a Python script), then try again.",
    },
    {
      says: /unrecogni[sz]ed option|the argument .* for option .* is invalid/i,
      code: "SOURCE_FAILED",
      sentence:
        "The installed rpicam-apps do not know one of the options; error_lines names it. Upgrade them (sudo apt update && sudo apt full-upgrade), or set that control to its default.",
    },
    {
      says: /frontend has timed out|Camera has timed out/i,
      code: "DISCONNECTED",
      sentence:
        "The camera was found, and sends no pictures any more. Check that its ribbon cable is seated at both ends, and the power supply.",
    },
    {
      says: /Permission denied|EACCES|Operation not permitted/i,
      code: "SOURCE_FAILED",
      sentence:
        "This user may not open the camera. Add the user to the group video (sudo usermod -aG video $USER), then log in again.",
    },
  ],
  silenceMs: 3000, // changes of the exposure
};

/** The camera at a Raspberry Pi's camera connector. */
export class RaspberryPiCamera extends ControlledCamera<typeof OPTIONS> {
  static override readonly title = "Raspberry Pi camera";
  static override readonly description =
    "The camera of a Raspberry Pi, by rpicam-vid. Its controls are properties.";
  readonly #values = new Map<string, unknown>();
  #help: string | undefined;

  constructor(options: Partial<Options> = {}) {
    super(PI, options);
  }

  get framerate(): number {
    return this.options.framerate;
  }

  /** A picture of the sensor's full size. The stream pauses for it. */
  override async takeStill(signal: AbortSignal): Promise<StillPicture> {
    const args = ["-n", "--immediate", "-o", "-", ...words(this.options, this.values)];
    const take = (alone: AbortSignal) =>
      either("rpicam-still", "libcamera-still", (program) =>
        stillOf({ program, args }, alone, (lines) => this.known(lines)),
      );
    return (await this.withDevice(take, signal)).result;
  }

  protected override async listControls(signal: AbortSignal): Promise<DeviceControl[]> {
    const { output, errorLines } = await asked(["--list-cameras"], signal);
    const cameras = [...[output.toString(), ...errorLines].join("\n").matchAll(LINE)];
    const found = cameras.find(([, index]) => Number(index) === this.options.camera);
    if (!found)
      throw new ThingError(
        "DISCONNECTED",
        `Camera ${this.options.camera} of this Raspberry Pi ${MISSING}`,
      );
    const [, , sensor = "", size = ""] = found;
    const table = FOCUSES.test(sensor) ? { ...CONTROLS, ...FOCUS } : CONTROLS;
    const isKnown = await this.#knownOptions(signal);
    const rows = Object.entries(table).filter(([name]) => isKnown(optionOf(name)));
    const controls = rows.map(([name, [title, schema, initial]]) => ({
      ...{ name, title, schema },
      value: this.#values.get(name) ?? initial,
    }));
    const about = { name: "sensor", title: "Sensor, and its full size", isReadOnly: true };
    return [{ ...about, schema: Type.String(), value: `${sensor} ${size}` }, ...controls];
  }

  /** Which options the installed version has, by what it says of itself; all, where that cannot be read. Asked for once. */
  async #knownOptions(signal: AbortSignal): Promise<(option: string) => boolean> {
    this.#help ??= (await asked(["--help"], signal)).output.toString();
    const options = new Set(this.#help.match(/--[a-z][a-z-]*/g));
    return (option) => !options.has("--width") || options.has(option);
  }

  /** They are words of the next start. */
  protected override async setControls(values: ControlValues): Promise<void> {
    for (const [name, value] of Object.entries(values)) this.#values.set(name, value);
  }
}

function sizeWords({ width, height, framerate, quality }: Options): string[] {
  const size = Object.entries({ width, height, framerate, quality });
  return [...size.map(([name, value]) => `--${name}=${value}`), "-n", "-o", "-"];
}

/** Only what is not as the program has it anyway; a value may begin with a minus sign. */
function words(options: Options, values: ControlValues): string[] {
  const { camera, mode, tuning_file: tuning } = options;
  const set = Object.entries({ ...CONTROLS, ...FOCUS }).flatMap(([name, [, , initial]]) => {
    const value = values[name];
    const isMeant = name === "lens_position" && values.autofocus_mode === "manual";
    if (value === undefined || (value === initial && !isMeant)) return [];
    const option = optionOf(name);
    return [value === true ? option : `${option}=${value}`];
  });
  const sensor = [
    ...(mode === undefined ? [] : [`--mode=${mode}`]),
    ...(tuning === undefined ? [] : [`--tuning-file=${tuning}`]),
  ];
  return [`--camera=${camera}`, "--verbose=0", ...sensor, ...set];
}

function optionOf(name: string): string {
  return `--${name.replace("_", "-")}`;
}

/** What the program says of itself. */
function asked(args: readonly string[], signal: AbortSignal) {
  const limits = { timeoutMs: 20_000, mostBytes: 1 << 20, signal };
  return either("rpicam-vid", "libcamera-vid", (program) => runProgram({ program, args }, limits));
}

/** What the newer program gives, or the older one where that is not installed. */
async function either<T>(
  newer: string,
  older: string,
  ask: (program: string) => Promise<T>,
): Promise<T> {
  try {
    return await ask(newer);
  } catch (error) {
    if (!(error instanceof ThingError) || error.code !== "PROGRAM_MISSING") throw error;
    return ask(older).catch(() => {
      throw error;
    });
  }
}
