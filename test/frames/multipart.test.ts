import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ThingError } from "../../src/base/errors.ts";
import { boundaryOf, MultipartParser, type Part } from "../../src/frames/wire/multipart.ts";
import { cpuMs } from "../elapsed.ts";
import { fc, runs } from "../property.ts";
import { chunked, join, jpegOf } from "./jpegs.ts";

const encode = (text: string) => Buffer.from(text, "latin1");

function parse(stream: Uint8Array, sizes: readonly number[] = [], options = {}): Part[] {
  const parser = new MultipartParser(options);
  return chunked(stream, sizes).flatMap((chunk) => parser.push(chunk));
}

function bodies(parts: readonly Part[]): Uint8Array[] {
  return parts.map(({ body }) => Uint8Array.from(body));
}

function sourceFails(run: () => unknown, sentence: RegExp): void {
  assert.throws(
    run,
    (error) =>
      error instanceof ThingError && error.code === "SOURCE_FAILED" && sentence.test(error.message),
  );
}

describe("the parts of a multipart stream", () => {
  test("come with their headers, whose names are in lower case", () => {
    const stream = encode(
      "--frame\r\nContent-Type: image/jpeg\r\ncontent-LENGTH: 3\r\nX-Frame-Index: 7\r\n\r\nabc\r\n" +
        "--frame\r\nContent-type: image/jpeg\r\nContent-Length:1\r\n\r\n\n\r\n--frame--\r\nafter",
    );
    const parser = new MultipartParser({ boundary: "frame" });
    const [first, second, ...others] = parser.push(stream);
    assert.deepEqual(Object.fromEntries(first!.headers), {
      "content-type": "image/jpeg",
      "content-length": "3",
      "x-frame-index": "7",
    });
    assert.deepEqual(bodies([first!, second!]), [Uint8Array.of(97, 98, 99), Uint8Array.of(10)]);
    assert.equal(others.length, 0);
    assert.equal(parser.ended, true);
  });

  test("end at the boundary when they state no length", () => {
    const body = "\r\n--fram\n\n--frome\r\r\n--";
    const stream = encode(`--frame\r\nContent-Type: image/jpeg\r\n\r\n${body}\r\n--frame\r\n`);
    assert.deepEqual(bodies(parse(stream)), [Uint8Array.from(encode(body))]);
  });

  test("may follow a preamble and have lines that end in LF alone", () => {
    const stream = encode("hello\n\n--x y\nContent-Length: 2\n\nab\n--x y\n\nunsized\n--x y--\n");
    assert.deepEqual(bodies(parse(stream, [], { boundary: "x y" })), [
      Uint8Array.from(encode("ab")),
      Uint8Array.from(encode("unsized")),
    ]);
  });

  test("are found however the boundary is given", () => {
    for (const boundary of ["frame", "--frame", '"frame"', '"--frame"', undefined]) {
      for (const line of ["--frame", "----frame"]) {
        const stream = encode(
          `${line}\r\nContent-Length: 1\r\n\r\na\r\n${line}\r\n\r\nb\r\n${line}`,
        );
        assert.equal(parse(stream, [], { boundary }).length, 2, `${boundary} ${line}`);
      }
    }
  });

  test("may be empty with a stated length, and are none without", () => {
    const sized = encode(
      "--f\r\nContent-Length: 0\r\n\r\n\r\n--f\r\n\r\n--f\r\nContent-Length: 1\r\n\r\nx",
    );
    assert.deepEqual(
      parse(sized).map(({ body }) => body.length),
      [0, 1],
    );
  });
});

test("the boundary is read from a content type", () => {
  assert.equal(boundaryOf("multipart/x-mixed-replace;boundary=frame"), "frame");
  assert.equal(boundaryOf('multipart/x-mixed-replace; charset=x; Boundary = "a;b"'), "a;b");
  assert.equal(boundaryOf("multipart/x-mixed-replace; boundary=--my; x=y"), "--my");
  assert.equal(boundaryOf("image/jpeg"), undefined);
  assert.equal(boundaryOf("multipart/x-mixed-replace; boundary="), undefined);
});

const Body = fc
  .uint8Array({ maxLength: 400, minLength: 1 })
  .map((bytes) => bytes.map((b) => b & 0x2f));
const Sizes = fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 1, maxLength: 5 });

test("any chunking gives the same parts, with and without stated lengths", () => {
  const parts = fc.array(fc.tuple(Body, fc.boolean()), { maxLength: 8 });
  fc.assert(
    fc.property(parts, Sizes, fc.constantFrom("\r\n", "\n"), (made, sizes, eol) => {
      const stream = join(
        encode(`preamble${eol}`),
        ...made.flatMap(([body, sized]) => [
          encode(`--frame${eol}A: b${eol}`),
          encode(sized ? `Content-Length: ${body.length}${eol}${eol}` : eol),
          body,
          encode(`\r\n`),
        ]),
        encode(`--frame--${eol}`),
      );
      const got = bodies(parse(stream, sizes, { boundary: "frame" }));
      assert.deepEqual(
        got,
        made.map(([body]) => body),
      );
    }),
    { numRuns: runs(200) },
  );
});

test("random streams either parse or fail with a sentence, the same in any chunking", () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }),
    fc
      .constantFrom(
        "--frame",
        "\r\n",
        "\n",
        "Content-Length: 5",
        "Content-Length: 99999",
        ":",
        "--",
      )
      .map(encode),
  );
  const outcome = (stream: Uint8Array, sizes: number[]) => {
    try {
      return bodies(parse(stream, sizes, { boundary: "frame", maxPartBytes: 1000 }));
    } catch (error) {
      assert.ok(error instanceof ThingError);
      return error.code;
    }
  };
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), Sizes, (pieces, sizes) => {
      const stream = join(...pieces);
      assert.deepEqual(outcome(stream, sizes), outcome(stream, [stream.length + 1]));
    }),
    { numRuns: runs(500) },
  );
});

describe("a stream without end is given up", () => {
  const endless = (start: string, filler: string, options = {}) => {
    const parser = new MultipartParser({ maxPartBytes: 100_000, ...options });
    parser.push(encode(start));
    for (let n = 0; n < 1000; n++) parser.push(encode(filler.repeat(1000)));
  };

  test("when no boundary comes", () => {
    sourceFails(() => endless("", "x"), /no boundary has come, nor a picture, within 101000 bytes/);
    sourceFails(
      () => endless("", "--y\n", { boundary: "x" }),
      /\(expected is --x, the stream has --y\)/,
    );
  });

  test("when a header does not end", () => {
    sourceFails(() => endless("--x\r\n", "a"), /headers of a part do not end/);
    sourceFails(() => endless("--x\r\n", "A: b\r\n"), /headers of a part do not end/);
  });

  test("when a body is too long", () => {
    for (const stated of [
      "",
      "Content-Length: 100001\r\n",
      `Content-Length: ${"9".repeat(400)}\r\n`,
    ])
      sourceFails(
        () => endless(`--x\r\n${stated}\r\n`, "x"),
        /at least 101000 bytes; at most 100000/,
      );
    sourceFails(() => endless("--x\r\n\r\n", "ab\n"), /at most 100000 are allowed/);
  });
});

test("a megabyte in chunks of one byte takes time in proportion", () => {
  const body = new Uint8Array(1_000_000).fill(10);
  for (const header of ["", `Content-Length: ${body.length}\r\n`]) {
    const parser = new MultipartParser({ boundary: "f" });
    const stream = join(encode(`--f\r\n${header}\r\n`), body, encode("\r\n--f\r\n"));
    const begun = cpuMs();
    let parts = 0;
    for (let at = 0; at < stream.length; at++)
      parts += parser.push(stream.subarray(at, at + 1)).length;
    assert.equal(parts, 1);
    const took = cpuMs() - begun;
    assert.ok(took < 5000, `${took} ms`);
  }
});

test("ten thousand small parts in one chunk take time in proportion", () => {
  const stream = encode(`--f\r\n\r\n${"x".repeat(100)}\r\n`.repeat(10_000));
  const begun = cpuMs();
  assert.equal(parse(stream).length, 9_999);
  const took = cpuMs() - begun;
  assert.ok(took < 5000, `${took} ms`);
});

describe("the JPEG's own end decides", () => {
  test("a part without a length is given with its last byte, and so is one whose length was too large before", async () => {
    const jpeg = await jpegOf(24, 16);
    const parser = new MultipartParser({ boundary: "f" });
    assert.equal(parser.push(join(encode("--f\r\n\r\n"), jpeg.subarray(0, -1))).length, 0);
    assert.equal(parser.push(jpeg.subarray(-1)).length, 1);
    const tooLong = encode(`\r\n--f\r\nContent-Length: ${jpeg.length + 5000}\r\n\r\n`);
    assert.equal(parser.push(join(tooLong, jpeg)).length, 1); // its own end decides
    assert.equal(parser.push(tooLong).length, 0);
    assert.equal(parser.push(jpeg).length, 1);
  });

  test("a first length that is too large withholds no picture, whatever is behind it", async () => {
    const jpeg = await jpegOf(24, 16);
    const lengths = `Content-Type: image/jpeg\r\nContent-Length: ${jpeg.length + 7_000_000}\r\n\r\n`;
    for (const [boundary, behind] of [
      ["--f\r\n", "\r\n"],
      ["f\r\n", "\r\n"],
      ["", ""],
      ["--f\r\n", "rubbish\r\n"],
      ["--f\r\n", `${"\0".repeat(300)}\r\n`],
    ] as const) {
      const part = join(encode(boundary + lengths), jpeg, encode(behind));
      for (const size of [1, 100, part.length]) {
        const parts = parse(join(part, part, encode(boundary || "Content")), [size], {
          boundary: "f",
        });
        assert.deepEqual(bodies(parts), [Uint8Array.from(jpeg), Uint8Array.from(jpeg)]);
      }
    }
  });

  test("a length of a part of its first bytes ends no picture", async () => {
    const jpeg = await jpegOf(24, 16);
    for (const length of [1, 2, 3, 4, 20, jpeg.length - 1]) {
      const part = join(encode(`--f\r\nContent-Length: ${length}\r\n\r\n`), jpeg, encode("\r\n"));
      const parts = parse(join(part, part), [7], { boundary: "f" });
      assert.deepEqual(bodies(parts), [Uint8Array.from(jpeg), Uint8Array.from(jpeg)]);
    }
  });

  test("two JPEGs in one part of the right length stay one where they are of one file (MPO), as the first one says", async () => {
    const plain = await jpegOf(24, 16);
    const says = encode("\xff\xe2\0\x06MPF\0");
    const jpeg = join(plain.subarray(0, 2), says, plain.subarray(2));
    const two = join(jpeg, new Uint8Array(6), jpeg);
    const part = join(encode(`--f\r\nContent-Length: ${two.length}\r\n\r\n`), two, encode("\r\n"));
    for (const size of [1, 100, part.length])
      assert.deepEqual(bodies(parse(part, [size], { boundary: "f" })), [Uint8Array.from(two)]);
  });

  test("a first picture whose stated length is too large does not wait for what comes behind it", async () => {
    const jpeg = await jpegOf(24, 16);
    for (const more of [1, 100, 1_000_000]) {
      const head = encode(`--f\r\nContent-Length: ${jpeg.length + more}\r\n\r\n`);
      for (const size of [1, 100, jpeg.length + head.length])
        assert.deepEqual(bodies(parse(join(head, jpeg), [size], { boundary: "f" })), [
          Uint8Array.from(jpeg),
        ]);
    }
  });

  test("a picture that is cut off is given as far as it goes, and the next one keeps its headers", async () => {
    const jpeg = await jpegOf(24, 16);
    const stream = join(
      encode("--f\r\nX-N: 1\r\n\r\n"),
      jpeg.subarray(0, -40),
      encode(`\r\n--f\r\nX-N: 2\r\nContent-Length: ${jpeg.length}\r\n\r\n`),
      jpeg,
    );
    for (const size of [1, 7, 100, stream.length]) {
      const parts = parse(stream, [size], { boundary: "f" });
      assert.deepEqual(
        parts.map(({ headers, body }) => [headers.get("x-n"), body.length]),
        [
          ["1", jpeg.length - 40],
          ["2", jpeg.length],
        ],
      );
    }
  });
});
