import { createRequire } from "node:module";
import type { Check, CheckResult } from "../base/checks.ts";
import { messageOf } from "../base/errors.ts";
import { addonFault, addonNames, type NativeFault, programFault } from "../base/native.ts";
import { runnableProgram } from "../processes/native-program.ts";

/** Can pictures be coded? Loaded here and not before, so that this check can say that it fails. */
export const codecCheck: Check = {
  name: "sharp",
  async run() {
    try {
      const { encodeJpeg } = await import("../frames/codec/codec.ts");
      const data = new Uint8Array(16 * 16);
      const jpeg = await encodeJpeg({ data, width: 16, height: 16, channels: 1 });
      return {
        level: "ok",
        message: `sharp can encode pictures (${jpeg.length} bytes for a grey one).`,
      };
    } catch (error) {
      return {
        level: "fail",
        message: `sharp could not be loaded. ${messageOf(error)}`,
      };
    }
  },
};

/**
 * What is missing of sharp, as a sentence; undefined when it is installed. It is looked for and not loaded: a server loads it with its first
 * picture, and whoever starts one is to know before.
 *
 * @param from - The module, or folder, from which it would be imported.
 */
export function codecFault(from: string | URL = import.meta.url): string | undefined {
  const then =
    "JPEGs can be passed on, but pictures cannot be encoded, resized or decoded. Run: npm install --include=optional";
  try {
    const library = createRequire(createRequire(from).resolve("sharp"));
    const builds = [`${process.platform}-${process.arch}`, `linuxmusl-${process.arch}`, "wasm32"];
    const isBuilt = builds.some((build) => isFound(library, `@img/sharp-${build}/sharp.node`));
    if (isBuilt || isFound(library, "../src/build/Release/sharp.node")) return undefined;
    return `sharp has no build for this machine (${builds[0]}). ${then}`;
  } catch {
    return `sharp is not installed. ${then}`;
  }
}

function isFound(from: NodeJS.Require, name: string): boolean {
  try {
    from.resolve(name);
    return true;
  } catch {
    return false;
  }
}

/** Do the addons and the V4L2 program of the package run here? */
export const nativeCheck: Check = {
  name: "native",
  async run() {
    const [addons, program] = [addonFault(), await runnableProgram("v4l2-camera")];
    const results: CheckResult[] = [];
    if (addons) results.push(warning(addons));
    if (!program) results.push(warning(programWarning()));
    if (results.length > 0) return results;
    return {
      level: "ok",
      message: `The addons (${addonNames().join(", ")}) are loaded, and the V4L2 program runs.`,
    };
  },
};

function programWarning(): NativeFault {
  const { reason, ...fix } = programFault("v4l2-camera");
  const then = "V4L2 cameras are opened by gst-launch-1.0 and v4l2-ctl, if they are installed";
  return { reason: `The V4L2 program does not run here: ${reason}. ${then}.`, ...fix };
}

function warning({ reason, fix }: NativeFault): CheckResult {
  return { level: "warn", message: reason, ...(fix !== undefined && { fix }) };
}
