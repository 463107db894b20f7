import { parse } from "yaml";
import { messageOf, ThingError } from "../../base/errors.ts";
import { parseExactly } from "../../base/exact-numbers.ts";
import { isRecord } from "../../base/values.ts";

/** A message of the protocol: a name and a value. */
export interface Message {
  readonly name: string;
  readonly value: unknown;
}

/** The layout of a picture in the bytes after its message. */
export interface ImageHead {
  /** Bytes of each plane; planes are contiguous. */
  readonly planeSizes: readonly number[];
  /** FFmpeg's name, e.g. `rgb24`. */
  readonly pixelFormat: string;
  /** Pixels. */
  readonly width: number;
  /** Pixels. */
  readonly height: number;
  /** Bytes per row of each plane. */
  readonly lineSizes: readonly number[];
  /** At least `t`: when it was taken, in seconds of the server's clock. */
  readonly metadata: Readonly<Record<string, unknown>>;
}

/** The protocol always lists four planes. */
const PLANES = 4;
const MOST_PIXELS_ACROSS = 65_535;
/** YAML aliases can expand a few lines to gigabytes. */
const MOST_ALIASES = 10;

/** The text of a message. JSON is valid YAML, so every peer can read it. */
export function messageText(name: string, value: unknown): string {
  return `${JSON.stringify([name, value])}\n`;
}

/** The text of a picture's message. */
export function imageText(image: ImageHead): string {
  const { planeSizes, pixelFormat, width, height, lineSizes, metadata } = image;
  return messageText("image", [
    four(planeSizes),
    pixelFormat,
    [width, height],
    four(lineSizes),
    metadata,
  ]);
}

/** @throws {ThingError} `BAD_ARGUMENT` unless it is a list of a name and a value. */
export function parseMessage(text: Buffer): Message {
  const found = parseText(text.toString("utf8"));
  if (Array.isArray(found) && found.length === 2 && typeof found[0] === "string") {
    return { name: found[0], value: found[1] };
  }
  throw new ThingError("BAD_ARGUMENT", "A message must be a list of a name and a value.");
}

/** @throws {ThingError} `BAD_ARGUMENT` unless it describes a picture of `binaryBytes` bytes. */
export function parseImage(value: unknown, binaryBytes: number): ImageHead {
  const [planes, format, size, lines, metadata] = Array.isArray(value) ? value : [];
  const pixelFormat =
    format instanceof Uint8Array ? Buffer.from(format).toString("latin1") : format;
  const [width, height] = isLengths(size) ? size : [];
  const isPicture =
    isLengths(planes) &&
    isLengths(lines) &&
    typeof pixelFormat === "string" &&
    isAcross(width) &&
    isAcross(height) &&
    planes.reduce((sum, bytes) => sum + bytes, 0) === binaryBytes;
  if (!isPicture) {
    throw new ThingError(
      "BAD_ARGUMENT",
      `The description of a picture does not fit the ${binaryBytes} bytes that came with it: ${excerpt(value)}.`,
    );
  }
  return {
    ...{ planeSizes: planes, pixelFormat, width, height, lineSizes: lines },
    metadata: isRecord(metadata) ? metadata : {},
  };
}

function parseText(text: string): unknown {
  try {
    return parseExactly(text);
  } catch {
    return parseYaml(withIndentedBinary(text));
  }
}

function parseYaml(text: string): unknown {
  try {
    return parse(text, {
      customTags: ["binary"], // peers from before 2020 send names as bytes
      logLevel: "error",
      maxAliasCount: MOST_ALIASES,
      prettyErrors: false,
    });
  } catch (error) {
    const why = messageOf(error).split("\n")[0];
    throw new ThingError("BAD_ARGUMENT", `A message is not valid YAML: ${why}.`);
  }
}

/** Peers from before 2020 wrote `!!binary` without the space that YAML requires on the next line. */
function withIndentedBinary(text: string): string {
  return text.replace(/^(!!binary \|\n)(?! )/, "$1 ");
}

function four(lengths: readonly number[]): number[] {
  return Array.from({ length: PLANES }, (_, n) => lengths[n] ?? 0);
}

function isLengths(value: unknown): value is number[] {
  return (
    Array.isArray(value) &&
    value.length <= PLANES * 2 &&
    value.every((length) => Number.isSafeInteger(length) && length >= 0)
  );
}

function isAcross(pixels: number | undefined): pixels is number {
  return pixels !== undefined && pixels > 0 && pixels <= MOST_PIXELS_ACROSS;
}

function excerpt(value: unknown): string {
  return (JSON.stringify(value) ?? "nothing").slice(0, 100);
}
