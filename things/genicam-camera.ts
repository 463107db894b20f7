import {
  type CameraPreset,
  ControlledCamera,
  type ControlValues,
  type DeviceControl,
  GenicamDevice,
  type PresetOptions,
} from "thingscope/frames";
import { Type } from "typebox";

const OPTIONS = {
  camera: Type.Optional(
    Type.String({
      description: "Its name, serial number or address",
      pattern: "^[\\w][\\w .:()-]*$",
    }),
  ),
  packet_size: Type.Optional(Type.Integer({ minimum: 576, maximum: 16_000, unit: "B" })),
};
type Options = PresetOptions<typeof OPTIONS>;

/** Caps for a pixel format of GenICam, and the elements that make a picture of it. */
const FORMATS: Readonly<Record<string, string>> = {
  Mono8: "video/x-raw,format=GRAY8",
  Mono10: "video/x-raw,format=GRAY16_LE",
  Mono12: "video/x-raw,format=GRAY16_LE",
  Mono16: "video/x-raw,format=GRAY16_LE",
  RGB8: "video/x-raw,format=RGB",
  BGR8: "video/x-raw,format=BGR",
  YUV422_8: "video/x-raw,format=YUY2",
  YUV422_8_UYVY: "video/x-raw,format=UYVY",
  BayerRG8: "video/x-bayer,format=rggb",
  BayerGR8: "video/x-bayer,format=grbg",
  BayerGB8: "video/x-bayer,format=gbrg",
  BayerBG8: "video/x-bayer,format=bggr",
};

const GENICAM: CameraPreset<typeof OPTIONS, ControlValues> = {
  options: OPTIONS,
  programs: [
    {
      program: "gst-launch-1.0",
      pipeline: ({ camera, packet_size: packet }, { PixelFormat, Width, Height }) => {
        const caps = FORMATS[String(PixelFormat)];
        const size =
          Number(Width) > 0 && Number(Height) > 0 ? `,width=${Width},height=${Height}` : "";
        return {
          pipeline: [
            "aravissrc",
            ...(camera === undefined ? [] : [`camera-name=${camera}`]),
            ...(packet ? [`packet-size=${packet}`] : ["auto-packet-size=true"]),
            ...(caps ? ["!", `${caps}${size}`] : []),
            ...(caps?.startsWith("video/x-bayer") ? ["!", "bayer2rgb"] : []),
            ...["!", "autovideosink"],
          ],
        };
      },
    },
  ],
  failures: [
    {
      says: /Could not find camera|Device '.*' not found|No supported camera/i,
      code: "DISCONNECTED",
      sentence: ({ camera }) =>
        `GenICam camera ${camera ? `'${camera}' ` : ""}is not there. Check its power, cable and network; arv-tool-0.8 lists what is found.`,
    },
    {
      says: /streaming stopped, reason error/,
      code: "SOURCE_FAILED",
      sentence:
        "The GenICam camera is there, and its pictures do not arrive. Permit UDP through the firewall, enable jumbo frames or set packet_size to 1400, and raise net.core.rmem_max; if it is /dev/bus/usb, see docs/cameras.md for its permissions.",
    },
  ],
  silenceMs: 3000, // triggers and long exposures
};

/** A machine vision camera: GigE Vision or USB3 Vision, by Aravis. */
export class GenicamCamera extends ControlledCamera<typeof OPTIONS> {
  static override readonly title = "GenICam camera";
  static override readonly description =
    "The pictures of a GigE Vision or USB3 Vision camera. Its features are properties.";
  readonly #device: GenicamDevice;
  readonly #commands = new Set<string>();

  constructor(options: Partial<Options> = {}) {
    super(GENICAM, options);
    this.#device = new GenicamDevice(this.options.camera);
  }

  protected override async listControls(): Promise<DeviceControl[]> {
    const controls = await this.#device.controls();
    this.#declareCommands();
    return controls;
  }

  protected override setControls(values: ControlValues): Promise<void> {
    return this.#device.set(values);
  }

  #declareCommands(): void {
    const { commands } = this.#device;
    const names = new Set(commands.map(({ name }) => name));
    for (const name of [...this.#commands].filter((one) => !names.has(one))) {
      this.#commands.delete(name);
      this.removeAction(name);
    }
    for (const { name, description } of commands) {
      if (this.#commands.has(name)) continue;
      this.#commands.add(name);
      this.addAction({
        ...{ name, title: name },
        description: `${description.replace(/\.?$/, ".")} It interrupts the pictures for a moment.`,
        run: (_: unknown, { signal }) => this.command(() => this.#device.execute(name), signal),
      });
    }
  }
}
