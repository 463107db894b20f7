import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gzipSync } from "node:zlib";
import { BodyDecoder } from "../../src/sources/body-decoder.ts";
import { HttpHeadReader } from "../../src/sources/http-head.ts";
import { HttpStream } from "../../src/sources/http-stream.ts";
import { MjpegHttpSource } from "../../src/sources/mjpeg-http.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { patience, TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { answering } from "./answering.ts";
import { framesOf } from "./reading.ts";

const timeout = TEST_MS;

function headOf(lines: string) {
  const found = new HttpHeadReader().read(Buffer.from(`HTTP/1.1 200 OK\r\n${lines}\r\n`, "latin1"));
  assert.ok(found);
  return found.head;
}

/** What is left of a body, given in these pieces. */
function decoded(lines: string, pieces: readonly string[]): string {
  let text = "";
  const inner = {
    read: (bytes: Uint8Array) => {
      text += Buffer.from(bytes).toString("latin1");
    },
    ...{ place: () => undefined, received: () => {} },
  };
  const decoder = new BodyDecoder(inner, headOf(lines), () => false);
  for (const piece of pieces) decoder.read(Buffer.from(piece, "latin1"));
  return text;
}

const CHUNKED = "Transfer-Encoding: chunked\r\n";

test("chunks are taken apart wherever the body begins: with the head, after it, byte by byte", () => {
  const body = "3\r\n--x\r\n4\r\nabcd\r\n0\r\n\r\n";
  for (const pieces of [[body], ["", body], [...body], ["", ...body]])
    assert.equal(decoded(CHUNKED, pieces), "--xabcd", JSON.stringify(pieces));
});

for (const [what, body] of [
  ["behind blanks and 0x", "  0x2\r\nab\r\n0x1\r\nc\r\n0\r\n\r\n"],
  ["behind empty lines", "\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"],
  ["with an extension of 3 kB", `2;x="${"y".repeat(3000)}"\r\nab\r\n1\r\nc\r\n0\r\n\r\n`],
] as const) {
  test(`the size of a chunk is read ${what}`, () => {
    assert.equal(decoded(CHUNKED, [body]), "abc");
    assert.equal(decoded(CHUNKED, [...body]), "abc");
  });
}

/** A server that sends what it is given, piece by piece, and closes. */
function sending(t: TestContext, pieces: readonly (string | Uint8Array)[]): Promise<string> {
  return answering(t, async (socket) => {
    for (const piece of pieces) {
      const bytes = typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
      await new Promise((sent) => socket.write(bytes, sent));
    }
    socket.end();
  });
}

/** How many frames a camera that sends these pieces gives, and why it ended. */
async function received(t: TestContext, pieces: readonly (string | Uint8Array)[]) {
  const stream = new MJPEGStream();
  const source = new MjpegHttpSource(await sending(t, pieces));
  let reason = "";
  try {
    for await (const { jpeg } of framesOf(source, patience())) stream.addFrame(jpeg);
  } catch (error) {
    reason = String(error);
  }
  return { frames: stream.stats.added, reason };
}

const PARTS = Array.from({ length: 8 }, (_, n) => {
  const jpeg = picture(n);
  const head = `--x\r\nContent-Type: image/jpeg\r\nContent-Length: ${jpeg.length}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), jpeg, Buffer.from("\r\n")]);
});
const BODY = Buffer.concat(PARTS);
const OK = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n";
const ENDED = /ended the stream/;

for (const [what, coding, coded] of [
  ["gzip", "gzip", gzipSync(BODY)],
  ["deflate with zlib's head", "deflate", deflateSync(BODY)],
  ["deflate without it", "deflate", deflateRawSync(BODY)],
  ["br", "br", brotliCompressSync(BODY)],
  ["gzip, which is not done", "gzip", BODY],
  ["gzip that breaks off behind its pictures", "x-gzip", gzipSync(BODY).subarray(0, -8)],
] as const) {
  test(`a stream in the content coding ${what}, which nobody wanted, is read`, {
    timeout,
  }, async (t) => {
    const head = `${OK}Content-Encoding: ${coding}\r\n\r\n`;
    const { frames, reason } = await received(t, [head, coded.subarray(0, 40), coded.subarray(40)]);
    assert.equal(frames, PARTS.length);
    assert.match(reason, ENDED);
  });
}

test("a coded stream is shown while it comes, and what is not in its coding is told", {
  timeout,
}, async (t) => {
  const url = await answering(t, (socket) => {
    const gzip = createGzip();
    socket.write(`${OK}Content-Encoding: gzip\r\n\r\n`);
    gzip.pipe(socket);
    gzip.write(PARTS[0]);
    gzip.flush();
  });
  for await (const { jpeg } of framesOf(new MjpegHttpSource(url), patience())) {
    assert.deepEqual(Buffer.from(jpeg), Buffer.from(picture(0)));
    break; // the stream has not ended
  }
  const broken = await received(t, [
    `${OK}Content-Encoding: gzip\r\n\r\n`,
    "\x1f\x8bno gzip at all",
  ]);
  assert.match(broken.reason, /is not in the content coding 'gzip'/);
  const unknown = await received(t, [`${OK}Content-Encoding: zstd\r\n\r\n`, BODY]);
  assert.match(unknown.reason, /'zstd', which was not requested and is not known here/);
});

test("a coded body whose reader takes no more ends when nobody wants it any longer, though all of it has come", {
  timeout,
}, async (t) => {
  const url = await sending(t, [`${OK}Content-Encoding: gzip\r\n\r\n`, gzipSync(BODY)]);
  const unwanted = new AbortController();
  const stream = await HttpStream.open(new URL(url), {}, unwanted.signal);
  let begun = () => {};
  const hasBegun = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const full = { isPaused: true, read: () => begun(), place: () => undefined, received() {} };
  const reading = stream.read(full);
  await hasBegun;
  await new Promise((resolve) => setTimeout(resolve, 50)); // the server has ended
  unwanted.abort();
  await assert.rejects(reading, { name: "AbortError" });
});

for (const [what, head] of [
  ["behind a head of 60 kB", `${OK}X-Cookie: ${"y".repeat(60_000)}\r\n\r\n`],
  ["behind the mark of UTF-8", `\xef\xbb\xbf${OK}\r\n`],
  ["of a version that there is not", `${OK.replace("1.1", "1.11")}\r\n`],
  ["whose status has no blank behind it", `${OK.replace("200 OK", "200OK")}\r\n`],
  [
    "by a script that sends a second head",
    `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n${OK}\r\n`,
  ],
] as const) {
  test(`an answer ${what} is read`, { timeout }, async (t) => {
    for (const pieces of [[head, BODY], [Buffer.concat([Buffer.from(head, "latin1"), BODY])]])
      assert.equal((await received(t, pieces)).frames, PARTS.length);
  });
}

test("parts with 60 kB of headers are read, in many lines and in one", { timeout }, async (t) => {
  for (const header of [`X-A: ${"y".repeat(60_000)}\r\n`, "X-A: 1234\r\n".repeat(5000)]) {
    const parts = PARTS.map((part) =>
      Buffer.concat([Buffer.from(`--x\r\n${header}`), part.subarray(5)]),
    );
    assert.equal((await received(t, [`${OK}\r\n`, ...parts])).frames, PARTS.length);
  }
});

test("line ends without a head are not kept for ever", () => {
  const reader = new HttpHeadReader();
  const blanks = Buffer.alloc(64 * 1024, "\r\n");
  assert.throws(() => {
    for (let n = 0; n < 100; n++) assert.equal(reader.read(blanks), undefined);
  }, /bytes of headers/);
});
