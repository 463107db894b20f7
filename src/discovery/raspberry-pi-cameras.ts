import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { ThingError } from "../base/errors.ts";
import { runProgram } from "../processes/run-program.ts";
import type { LocalCamera } from "./camera-watch.ts";
import type { FoundMode } from "./found-camera.ts";
import { SYSTEM_ROOTS, type SystemRoots } from "./roots.ts";

const PROGRAMS = ["rpicam-hello", "libcamera-hello"];
const LIMITS = { timeoutMs: 10_000, mostBytes: 1 << 20 };

/** The cameras at the connectors of a Raspberry Pi, which are there when it starts. Asked for once. */
export class RaspberryPiCameras {
  readonly #roots: SystemRoots;
  #cameras: Promise<readonly LocalCamera[]> | undefined;

  constructor(roots: SystemRoots = SYSTEM_ROOTS) {
    this.#roots = roots;
  }

  /** None on another computer, and none where its program for cameras is not installed. */
  list(): Promise<readonly LocalCamera[]> {
    this.#cameras ??= this.#ask();
    return this.#cameras;
  }

  /** The sentence for a Raspberry Pi without its program for cameras. */
  async note(): Promise<string | undefined> {
    if (!(await this.#isPi())) return undefined;
    const found = await Promise.all(PROGRAMS.map((program) => isInstalled(program)));
    if (found.some(Boolean)) return undefined;
    return "rpicam-apps are not installed, so cameras at the connector of this Raspberry Pi are not found: sudo apt install rpicam-apps";
  }

  async #ask(): Promise<readonly LocalCamera[]> {
    if (!(await this.#isPi())) return [];
    for (const program of PROGRAMS) {
      const found = await runProgram({ program, args: ["--list-cameras"] }, LIMITS).catch(() => {});
      if (found) return camerasIn([found.output.toString(), ...found.errorLines].join("\n"));
    }
    return [];
  }

  async #isPi(): Promise<boolean> {
    const model = join(this.#roots.proc, "device-tree", "model");
    return (await readFile(model, "utf8").catch(() => "")).includes("Raspberry Pi");
  }
}

async function isInstalled(program: string): Promise<boolean> {
  try {
    await runProgram({ program, args: ["--version"] }, LIMITS);
    return true;
  } catch (error) {
    return !(error instanceof ThingError && error.code === "PROGRAM_MISSING");
  }
}

const CAMERA = /^(\d) : (\w+) \[.*?\] \(([^()]{1,200})\)/;

/** What `rpicam-hello --list-cameras` prints. USB cameras, which it lists too, are left to V4L2. */
export function camerasIn(text: string): LocalCamera[] {
  const cameras: (LocalCamera & { modes: FoundMode[] })[] = [];
  let format = "";
  for (const line of text.split("\n")) {
    const [, index, sensor, path = ""] = CAMERA.exec(line) ?? [];
    format = /'(\w+)' :/.exec(line)?.[1] ?? format;
    if (index !== undefined) {
      const id = `csi-${sensor}-${path.replaceAll(/[^\w.@-]+/g, "_").replace(/^_/, "")}`;
      cameras.push({
        ...{ id, kind: "raspberry-pi", title: `Raspberry Pi camera ${sensor}`, address: path },
        ...{ modes: [], instance: path },
        config: { class: "thingscope/things:RaspberryPiCamera", kwargs: { camera: Number(index) } },
      });
    }
    const [, width, height, rate] = /(\d+)x(\d+) \[([\d.]+) fps/.exec(line) ?? [];
    if (!width) continue;
    const mode = { format, width: Number(width), height: Number(height), rates: [Number(rate)] };
    cameras.at(-1)?.modes.push(mode);
  }
  return cameras.filter(({ address }) => !/usb/i.test(address));
}
