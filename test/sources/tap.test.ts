import assert from "node:assert/strict";
import { test } from "node:test";
import type { ByteReader } from "../../src/base/byte-reader.ts";
import { ThingError } from "../../src/base/errors.ts";
import type { FrameSink } from "../../src/frames/frame-source.ts";
import { type Framing, pictureReader } from "../../src/sources/framing.ts";
import { PtsClock } from "../../src/sources/pts-clock.ts";
import { Tap } from "../../src/sources/tap.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { feed } from "../../src/streams/source-runner.ts";
import { TEST_MS } from "../limits.ts";
import { fc, runs } from "../property.ts";
import { numberIn, picture } from "../streams/pictures.ts";
import { eventually } from "../streams/watching.ts";

const timeout = TEST_MS;

/** A tap whose program is this test: what is given to `reader` is the program's output. */
class Tapped {
  held = 0;
  silences = 0;
  failure: ThingError | undefined;
  finished = false;
  readonly tap: Tap;
  readonly reader: ByteReader;

  constructor(framing: Framing) {
    this.tap = new Tap({ camera: "camera", fd: 3, framing }, this);
    this.tap.restarted(new PtsClock());
    this.reader = pictureReader(framing, {
      memoryFor: (bytes) => this.tap.room(bytes),
      onPicture: (one) => this.tap.take(one),
    });
  }

  hold(): () => Promise<void> {
    this.held += 1;
    return async () => {
      this.held -= 1;
    };
  }

  silent(): void {
    this.silences += 1;
  }
}

const FRAMINGS: Record<Framing, (jpeg: Uint8Array) => Buffer> = {
  jpeg: (jpeg) => Buffer.from(jpeg),
  multipart: (jpeg) =>
    Buffer.concat([Buffer.from(`--f\r\nContent-Length: ${jpeg.length}\r\n\r\n`), jpeg]),
  gdp(jpeg) {
    const header = Buffer.alloc(62);
    header.set([1, 0, 0, 0, 0, 1]);
    header.writeUInt32BE(jpeg.length, 6);
    header.fill(0xff, 10, 42);
    return Buffer.concat([header, jpeg]);
  },
};

function read(reader: ByteReader, bytes: Uint8Array, pieceBytes: number): void {
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    reader.read(bytes.subarray(at, at + pieceBytes));
  }
}

for (const framing of ["jpeg", "multipart", "gdp"] as const) {
  test(`${framing}: several streams read one tap; each has every picture whole, and one has it where it was received`, {
    timeout,
  }, async (t) => {
    const program = new Tapped(framing);
    const streams = Array.from({ length: 3 }, () => new MJPEGStream({ ringbufferSize: 40 }));
    for (const stream of streams) {
      const feeding = feed(stream, program.tap, { keepWarm: true });
      t.after(() => feeding.stop());
    }
    await eventually(() => program.held === 3);
    for (let n = 0; n < 30; n++) {
      const whole = FRAMINGS[framing](picture(n, 500 + 10 * n));
      read(program.reader, whole, 1 + 37 * (n % 5));
    }
    for (const stream of streams) {
      assert.equal(stream.heldFrames.length, 30);
      for (const { jpeg, index } of stream.heldFrames)
        assert.ok(Buffer.from(jpeg).equals(picture(index, 500 + 10 * index)), `${index}`);
    }
  });
}

test("streams may begin and leave at any byte: what each has is whole, and in order", () => {
  const wish = fc.array(fc.tuple(fc.integer({ min: 1, max: 900 }), fc.nat(2)), { maxLength: 60 });
  const framings = fc.constantFrom<Framing>("jpeg", "multipart", "gdp");
  return fc.assert(
    fc.asyncProperty(framings, wish, async (framing, wishes) => {
      const program = new Tapped(framing);
      const streams = Array.from({ length: 3 }, () => new MJPEGStream({ ringbufferSize: 100 }));
      const runs: (AbortController | undefined)[] = [];
      const output = Buffer.concat(
        Array.from({ length: 20 }, (_, n) => FRAMINGS[framing](picture(n, 400 + n))),
      );
      let at = 0;
      for (const [bytes, which] of wishes) {
        const stream = streams[which]!;
        const leaving = runs[which];
        runs[which] = leaving ? undefined : new AbortController();
        leaving?.abort();
        if (runs[which])
          void program.tap.run(sinkOf(stream, runs[which].signal), runs[which].signal);
        await Promise.resolve();
        program.reader.read(output.subarray(at, at + bytes));
        at += bytes;
      }
      for (const run of runs) run?.abort();
      for (const { heldFrames } of streams) {
        const numbers = heldFrames.map(({ jpeg }) => numberIn(jpeg));
        assert.deepEqual(
          numbers,
          [...new Set(numbers)].sort((a, b) => a - b),
        );
        for (const { jpeg } of heldFrames)
          assert.ok(Buffer.from(jpeg).equals(picture(numberIn(jpeg), 400 + numberIn(jpeg))));
      }
    }),
    { numRuns: runs(60) },
  );
});

/** As a feed's: it takes nothing once its run is over. */
function sinkOf(stream: MJPEGStream, signal = new AbortController().signal): FrameSink {
  return {
    get hasRoom() {
      return !signal.aborted;
    },
    isSilent: false,
    take({ jpeg }) {
      if (!signal.aborted) stream.offerFrame(jpeg);
      return !signal.aborted;
    },
    room: (bytes) => (signal.aborted ? undefined : stream.room(bytes)),
    lost: () => {},
  };
}

test("who reads a tap is told why its program failed, and that it came to its end", {
  timeout,
}, async () => {
  const program = new Tapped("jpeg");
  const stream = new MJPEGStream();
  const run = () => program.tap.run(sinkOf(stream), new AbortController().signal);
  const failing = run();
  program.tap.fail(new ThingError("SOURCE_FAILED", "The cable came out."));
  await assert.rejects(failing, /The cable came out/);
  const ending = run();
  program.tap.end();
  await ending;
  assert.equal(program.held, 0);
  program.failure = new ThingError("SOURCE_FAILED", "It is over.");
  await assert.rejects(run(), /It is over/);
});

test("a program is told when the stream of its camera was silent, and only then", {
  timeout,
}, async () => {
  const program = new Tapped("jpeg");
  const stream = new MJPEGStream();
  const feeding = feed(stream, program.tap, { keepWarm: true, startMs: 50, backOffMs: 10_000 });
  await eventually(() => program.silences === 1);
  await feeding.stop();
  const other = feed(new MJPEGStream(), program.tap, { keepWarm: true });
  await eventually(() => program.held === 1);
  await other.stop();
  assert.deepEqual([program.silences, program.held], [1, 0]);
});
