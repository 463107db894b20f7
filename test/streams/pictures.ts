/** A JPEG of 16 x 16 pixels. */
const SMALLEST = Buffer.from(
  "/9j/2wBDABALDA4MChAODQ4SERATGCgaGBYWGDEjJR0oOjM9PDkzODdASFxOQERXRTc4UG1RV19iZ2hnPk1xeXBkeFxlZ2P/2wBDARES" +
    "EhgVGC8aGi9jQjhCY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2NjY2P/wAARCAAQABADASIAAhEBAxEB" +
    "/8QAFQABAQAAAAAAAAAAAAAAAAAAAAX/xAAUEAEAAAAAAAAAAAAAAAAAAAAA/8QAFQEBAQAAAAAAAAAAAAAAAAAABQb/xAAUEQEAAAAAAAAA" +
    "AAAAAAAAAAAA/9oADAMBAAIRAxEAPwCeAKUT/9k=",
  "base64",
);

/** A whole JPEG that carries the number `n`, of exactly `bytes` bytes when that is given. */
export function picture(n: number, bytes = SMALLEST.length + 12): Uint8Array {
  const segments = [comment(String(n).padStart(8, "0"))];
  let left = bytes - SMALLEST.length - 12;
  while (left > 0) {
    const size = left <= 65_537 ? left : Math.min(65_537, left - 4);
    segments.push(comment("x".repeat(size - 4)));
    left -= size;
  }
  return Buffer.concat([SMALLEST.subarray(0, 2), ...segments, SMALLEST.subarray(2)]);
}

/** The number that `picture` put in. */
export function numberIn(jpeg: Uint8Array): number {
  return Number(Buffer.from(jpeg.subarray(6, 14)).toString("latin1"));
}

/** The same picture with a text in it, which does not show. */
export function withComment(jpeg: Uint8Array, text: string): Uint8Array {
  return Buffer.concat([jpeg.subarray(0, 2), comment(text), jpeg.subarray(2)]);
}

function comment(text: string): Buffer {
  const head = Buffer.from([0xff, 0xfe, 0, 0]);
  head.writeUInt16BE(text.length + 2, 2);
  return Buffer.concat([head, Buffer.from(text, "latin1")]);
}
