import { type Static, Type } from "typebox";

/** A mode in which a camera can send pictures, as ThorVision lists it. */
export const Capability = Type.Object({
  media_type: Type.String(),
  /** Empty for JPEG: falsy in Python, a string in C++. */
  format: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  width: Type.Integer({ unit: "px" }),
  height: Type.Integer({ unit: "px" }),
  framerate: Type.String({ description: "Frames per second, as a fraction: 30/1" }),
});
export type Capability = Static<typeof Capability>;

/** The only media type that is sent. */
export const JPEG = "image/jpeg";

/** A capability as text in a request: `image/jpeg,width=1280,height=720,framerate=30/1`. */
export function capabilityText({
  media_type,
  format,
  width,
  height,
  framerate,
}: Capability): string {
  const rest = `width=${width},height=${height},framerate=${framerate}`;
  return format ? `${media_type},format=${format},${rest}` : `${media_type},${rest}`;
}

/** Parses a capability, whatever the order of its fields; undefined if it is not one. */
export function readCapability(text: string): Capability | undefined {
  const [media_type = "", ...fields] = text.split(",").map((part) => part.trim());
  const values = new Map(
    fields.map((field): [string, string] => {
      const [name = "", value = ""] = field.split("=", 2);
      return [name, value.replace(/^\(\w+\)/, "")]; // GStreamer adds types: width=(int)640
    }),
  );
  const [width, height] = [Number(values.get("width")), Number(values.get("height"))];
  const framerate = values.get("framerate") ?? "";
  if (!Number.isInteger(width) || !Number.isInteger(height) || !/^\d+\/\d+$/.test(framerate)) {
    return undefined;
  }
  return { media_type, format: values.get("format") ?? "", width, height, framerate };
}
