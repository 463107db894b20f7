import type { Check } from "../base/checks.ts";
import { messageOf } from "../base/errors.ts";
import { logTo } from "../base/log.ts";
import { tcpLowat } from "../base/native.ts";

/** Can pictures be coded? Loaded here and not before, so that this check can say that it fails. */
export const codecCheck: Check = {
  name: "sharp",
  async run() {
    try {
      const { encodeJpeg } = await import("../frames/codec.ts");
      const data = new Uint8Array(16 * 16);
      const jpeg = await encodeJpeg({ data, width: 16, height: 16, channels: 1 });
      return {
        level: "ok",
        message: `sharp codes pictures (${jpeg.length} bytes for a grey one).`,
      };
    } catch (error) {
      return {
        level: "fail",
        message: `sharp does not load: ${messageOf(error).split("\n")[0]}`,
        fix: "npm ci --include=optional",
      };
    }
  },
};

/** Is the addon there that keeps slow viewers close to live? */
export const addonCheck: Check = {
  name: "addon",
  async run() {
    let complaint = "it is not there";
    const addon = tcpLowat(
      logTo((_, __, fields) => {
        complaint = String(fields?.reason ?? complaint);
      }),
    );
    if (addon) return { level: "ok", message: "The addon tcp-lowat is loaded." };
    return {
      level: "warn",
      message: `The addon tcp-lowat does not load (${complaint}): slow viewers may be 3 s behind.`,
      fix: "npm run build:native",
    };
  },
};
