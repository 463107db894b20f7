import assert from "node:assert/strict";
import { test } from "node:test";
import { crc32 as zlibs } from "node:zlib";
import { crc32 } from "../../src/base/crc32.ts";

/** Bytes that are no pattern: the high ones of a multiplication. */
const BYTES = Uint8Array.from({ length: 2000 }, (_, n) => Math.imul(n + 1, 2654435761) >>> 24);
/** As zlib has it for the text "123456789". */
const CHECK = 0xcbf43926;

test("a CRC-32 is the one that all others compute", () => {
  assert.equal(crc32(Buffer.from("123456789")), CHECK);
});

test("a CRC-32 is zlib's for any number of bytes, wherever they lie in memory", () => {
  for (let from = 0; from <= 16; from++)
    for (let length = 0; length <= 300; length++) {
      const bytes = BYTES.subarray(from, from + length);
      assert.equal(crc32(bytes), zlibs(bytes), `${length} bytes from ${from} on`);
    }
});

test("a CRC-32 can be computed piece by piece", () => {
  const whole = zlibs(BYTES);
  for (let at = 0; at <= BYTES.length; at += 7) {
    assert.equal(crc32(BYTES.subarray(at), crc32(BYTES.subarray(0, at))), whole, `cut at ${at}`);
  }
});

test("each bit of a picture changes its CRC-32", () => {
  const [before, bytes] = [crc32(BYTES), Uint8Array.from(BYTES)];
  for (const at of [0, 63, 64, 127, 1023, BYTES.length - 1]) {
    bytes[at]! ^= 1;
    assert.notEqual(crc32(bytes), before, `byte ${at}`);
    bytes[at]! ^= 1;
  }
});
