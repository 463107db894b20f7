import { Type } from "typebox";
import { ThingError } from "../../base/errors.ts";
import { quoted } from "../../base/preview.ts";

// The parameters of a stream's paths, as the OpenAPI document describes them. Those who read them check them: `flag` those that are 1 or 0.

export const SIZE = {
  width: Type.Integer({
    minimum: 16,
    maximum: 8192,
    unit: "pixels",
    description: "Maximum width; frames are never enlarged",
  }),
  quality: Type.Integer({ minimum: 1, maximum: 100, description: "JPEG quality" }),
};
export const VARIANT = {
  ...SIZE,
  fps: Type.Number({
    minimum: 0.01,
    maximum: 1000,
    unit: "Hz",
    description: "Maximum frame rate",
  }),
};
export const ADVANCE = Type.Enum(["0", "1"], {
  description: "1 for Chromium, which shows a part when the next begins; by User-Agent if absent",
});
export const WAIT = Type.Number({
  minimum: 0,
  maximum: 60,
  unit: "s",
  description: "How long to wait for a frame",
});
export const FRESH = Type.Enum(["0", "1"], {
  description: "1: a frame captured after the request",
});
export const NEAREST = Type.Enum(["0", "1"], {
  description:
    "1: the page goes on to the mirror that answers first, if that is sooner than this server",
});
export const RUN = Type.String({ description: "Only a frame of this run" });
export const AFTER = Type.String({
  description: "RUN:INDEX of the last frame that the client has",
  pattern: "^[0-9a-z]{1,32}:[0-9]{1,15}$",
});

/** Whether a parameter that is 1 or 0 is 1. @throws {ThingError} `BAD_ARGUMENT` for anything else. */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  if (value === null || value === "0") return false;
  if (value === "1") return true;
  throw new ThingError(
    "BAD_ARGUMENT",
    `'${name}' must be 1 or 0, not ${JSON.stringify(quoted(value))}.`,
  );
}
