import { ThingError } from "../../base/errors.ts";

/** The error for a picture that is not one whole JPEG; `fault` says what is wrong and where. */
export function badFrame(fault: string, options?: ErrorOptions): ThingError {
  return new ThingError(
    "BAD_FRAME",
    `This is not one whole JPEG that a browser can show: ${fault}.`,
    options,
  );
}

export function word(bytes: Uint8Array, at: number): number {
  return (bytes[at]! << 8) | bytes[at + 1]!;
}

export function hex(byte: number): string {
  return byte.toString(16).padStart(2, "0").toUpperCase();
}
