import assert from "node:assert/strict";
import { test } from "node:test";
import {
  BOUNDARY,
  storeFrame,
  storePlaceholder,
  streamOpening,
} from "../../src/frames/frame-memory.ts";
import { inspectJpeg, STANDARD_HUFFMAN_TABLES } from "../../src/frames/jpeg/jpeg.ts";
import { picture } from "../streams/pictures.ts";

const latin = (bytes: Uint8Array) => Buffer.from(bytes).toString("latin1");
const identity = { run: "k3x9q2", index: 7, capturedAt: 1_770_000_000_123.456 };

test("a frame's JPEG and both of its parts are views of one memory", () => {
  const jpeg = picture(1);
  const stored = storeFrame(jpeg, identity);
  const { frame } = stored;
  assert.equal(frame.jpeg.buffer, stored.bytes("program").buffer);
  assert.equal(frame.jpeg.buffer, stored.bytes("chromium").buffer);
  assert.notEqual(frame.jpeg.buffer, jpeg.buffer);
  assert.equal(stored.size, jpeg.length);
  assert.deepEqual(Buffer.from(frame.jpeg), Buffer.from(jpeg));
  assert.deepEqual([frame.width, frame.height], [16, 16]);
});

test("a program's part is headers, JPEG and boundary", () => {
  const jpeg = picture(1);
  const headers =
    `Content-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\nX-Frame-Index: 7\r\n` +
    "X-Stream-Run: k3x9q2\r\nX-Timestamp: 1770000000.123456\r\n\r\n";
  const part = latin(storeFrame(jpeg, identity).bytes("program"));
  assert.equal(part, `${headers}${latin(jpeg)}\r\n--${BOUNDARY}\r\n`);
  assert.equal(latin(streamOpening("program")), "--frame\r\n");
});

test("Chromium's part ends with the headers of the part to come", () => {
  const jpeg = picture(1);
  const bare = "--frame\r\nContent-Type: image/jpeg\r\n\r\n";
  assert.equal(latin(storeFrame(jpeg, identity).bytes("chromium")), `${latin(jpeg)}\r\n${bare}`);
  assert.equal(latin(streamOpening("chromium")), bare);
});

test("a frame that another stream captured names its origin, and no name can break a header", () => {
  const origin = { stream: "cam 1\r\nEvil: yes;µ", run: "aaaaaa", index: 3, capturedAt: 1000.5 };
  const frame = storeFrame(picture(1), { ...identity, origin });
  assert.deepEqual(frame.frame.origin, origin);
  const line = /X-Origin: (.*)\r\n/.exec(latin(frame.bytes("program")))?.[1];
  assert.equal(
    line,
    "stream=cam%201%0D%0AEvil%3A%20yes%3B%C2%B5;run=aaaaaa;index=3;timestamp=1.000500",
  );
});

test("bytes after the end of the picture are left out", () => {
  const jpeg = picture(1);
  const padded = Buffer.concat([jpeg, Buffer.alloc(500)]);
  assert.deepEqual(Buffer.from(storeFrame(padded, identity).frame.jpeg), Buffer.from(jpeg));
});

test("motion-JPEG without Huffman tables gets the standard ones before its scan", () => {
  const bare = withoutHuffmanTables(picture(1));
  assert.equal(inspectJpeg(bare).hasHuffmanTables, false);
  const stored = storeFrame(bare, identity);
  const { jpeg } = stored.frame;
  const { hasHuffmanTables, scanAt } = inspectJpeg(jpeg);
  assert.equal(hasHuffmanTables, true);
  const tables = jpeg.subarray(scanAt - STANDARD_HUFFMAN_TABLES.length, scanAt);
  assert.deepEqual(Buffer.from(tables), Buffer.from(STANDARD_HUFFMAN_TABLES));
  assert.match(latin(stored.bytes("program")), new RegExp(`Content-Length: ${jpeg.length}\r\n`));
});

test("a placeholder says its reason and has no index", () => {
  const placeholder = storePlaceholder(picture(1), "unplugged\r\nX-Evil: µ");
  const headers = latin(placeholder.bytes("program")).split("\r\n\r\n")[0]!;
  assert.match(headers, /X-Placeholder: unplugged\?\?X-Evil: \?$/);
  assert.doesNotMatch(headers, /X-Frame-Index|X-Stream-Run|X-Timestamp/);
});

test("bytes that are not a JPEG are refused", () => {
  assert.throws(() => storeFrame(Buffer.from("<html>"), identity), { code: "BAD_FRAME" });
});

function withoutHuffmanTables(jpeg: Uint8Array): Buffer {
  const kept = [jpeg.subarray(0, 2)];
  let at = 2;
  while (jpeg[at + 1] !== 0xda) {
    const end = at + 2 + jpeg[at + 2]! * 256 + jpeg[at + 3]!;
    if (jpeg[at + 1] !== 0xc4) kept.push(jpeg.subarray(at, end));
    at = end;
  }
  return Buffer.concat([...kept, jpeg.subarray(at)]);
}
