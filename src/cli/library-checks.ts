import { createRequire } from "node:module";
import type { Check } from "../base/checks.ts";
import { messageOf } from "../base/errors.ts";
import { logTo } from "../base/log.ts";
import { tcpLowat } from "../base/native.ts";

/** Can pictures be coded? Loaded here and not before, so that this check can say that it fails. */
export const codecCheck: Check = {
  name: "sharp",
  async run() {
    try {
      const { encodeJpeg } = await import("../frames/pixels/codec.ts");
      const data = new Uint8Array(16 * 16);
      const jpeg = await encodeJpeg({ data, width: 16, height: 16, channels: 1 });
      return {
        level: "ok",
        message: `sharp can encode pictures (${jpeg.length} bytes for a grey one).`,
      };
    } catch (error) {
      return {
        level: "fail",
        message: `sharp could not be loaded: ${messageOf(error).split("\n")[0]}`,
        fix: "npm ci --include=optional",
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
    "JPEGs can be passed on, but pictures cannot be encoded, resized or decoded. Run: npm ci --include=optional";
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

/** Is the addon there that keeps slow viewers close to live? */
export const addonCheck: Check = {
  name: "addon",
  async run() {
    let complaint = "it is missing";
    const addon = tcpLowat(
      logTo((_, __, fields) => {
        complaint = String(fields?.reason ?? complaint);
      }),
    );
    if (addon) return { level: "ok", message: "The addon tcp-lowat is loaded." };
    return {
      level: "warn",
      message: `The addon tcp-lowat could not be loaded (${complaint}): slow viewers may be 3 s behind.`,
      fix: "npm run build:native",
    };
  },
};
