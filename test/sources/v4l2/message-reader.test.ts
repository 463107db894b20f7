import assert from "node:assert/strict";
import { test } from "node:test";
import { ThingError } from "../../../src/base/errors.ts";
import type { V4l2FrameInfo } from "../../../src/sources/v4l2/frame-head.ts";
import { V4l2MessageReader } from "../../../src/sources/v4l2/message-reader.ts";
import type { V4l2Message } from "../../../src/sources/v4l2/messages.ts";
import { fc, runs } from "../../property.ts";
import { frameHead, HOSTILE, message } from "./messages.ts";

/** What a reader gives, and how much memory it asks for. */
class Taker {
  readonly messages: V4l2Message[] = [];
  readonly frames: { info: V4l2FrameInfo; payload: Uint8Array }[] = [];
  asked = 0;

  message(one: V4l2Message): void {
    this.messages.push(one);
  }

  memoryFor(_: V4l2FrameInfo, bytes: number): Uint8Array | undefined {
    this.asked += 1;
    return bytes <= 4096 ? new Uint8Array(bytes) : undefined;
  }

  frame(info: V4l2FrameInfo, payload: Uint8Array): void {
    this.frames.push({ info, payload });
  }
}

/** Reads as a pipe does: into its own place where the reader knows one, else through memory that is used again. */
function readInPieces(reader: V4l2MessageReader, bytes: Uint8Array, pieces: readonly number[]) {
  const memory = new Uint8Array(64 * 1024);
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const place = reader.place();
    const length = Math.max(1, pieces[n % pieces.length] ?? 1);
    const piece = bytes.subarray(at, at + Math.min(length, (place ?? memory).length));
    (place ?? memory).set(piece);
    if (place) reader.received(piece.length);
    else reader.read(memory.subarray(0, piece.length));
    memory.fill(0xaa);
    at += piece.length;
  }
}

const STREAM = Buffer.concat([
  message("A", { answer: 1, ok: true, values: { 7: true } }),
  message("F", frameHead(), Buffer.from([1, 2, 3])),
  message("C", { id: 7, changes: ["value"], value: 3 }),
  message("F", frameHead({ width: 8000 }), Buffer.alloc(5000, 9)),
  message("F", frameHead({ sequence: 2 }), Buffer.alloc(0)),
  message("S", { changes: ["end"], unknown: { to: "the server" } }),
  message("F", frameHead({ sequence: 3 }), Buffer.alloc(300, 4)),
]);

test("messages and frames are read however they are cut, and frames that nobody wants are passed over", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 1, max: 6000 }), { minLength: 1 }), (pieces) => {
      const taker = new Taker();
      readInPieces(new V4l2MessageReader(taker), STREAM, pieces);
      assert.deepEqual(
        taker.messages.map(({ type }) => type),
        ["answer", "control", "source"],
      );
      assert.deepEqual(
        taker.frames.map(({ payload }) => payload.length),
        [3, 300],
      );
      assert.deepEqual(taker.frames[0]?.payload, new Uint8Array([1, 2, 3]));
    }),
    { numRuns: runs(200) },
  );
});

test("what is not the wire ends with one sentence, and asks for no memory beyond the bounds", () => {
  const before = process.memoryUsage().arrayBuffers;
  const mutated = fc
    .record({
      at: fc.nat(STREAM.length - 1),
      bytes: fc.uint8Array({ minLength: 1, maxLength: 24 }),
      pieces: fc.array(fc.integer({ min: 1, max: 3000 }), { minLength: 1, maxLength: 5 }),
    })
    .map(({ at, bytes, pieces }) => {
      const changed = Uint8Array.from(STREAM);
      changed.set(bytes.subarray(0, changed.length - at), at);
      return { changed, pieces };
    });
  fc.assert(
    fc.property(mutated, ({ changed, pieces }) => {
      try {
        readInPieces(new V4l2MessageReader(new Taker()), changed, pieces);
      } catch (error) {
        assert.ok(error instanceof ThingError, String(error));
        assert.equal(error.code, "SOURCE_FAILED");
        assert.match(error.message, /^The V4L2 camera program sent .*\.$/s);
      }
    }),
    { numRuns: runs(3000) },
  );
  globalThis.gc?.();
  assert.ok(process.memoryUsage().arrayBuffers - before < 64 * 2 ** 20);
});

for (const [name, bytes] of HOSTILE) {
  test(`is refused: ${name}`, () => {
    const taker = new Taker();
    const read = () => readInPieces(new V4l2MessageReader(taker), bytes, [1000]);
    assert.throws(read, { code: "SOURCE_FAILED", message: /^The V4L2 camera program sent / });
    assert.equal(taker.frames.length, 0);
  });
}
