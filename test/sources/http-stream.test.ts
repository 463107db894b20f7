import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { test } from "node:test";
import type { ByteReader } from "../../src/base/byte-reader.ts";
import { receiveInto } from "../../src/base/receive.ts";
import { GdpParser } from "../../src/frames/wire/gdp.ts";
import { MultipartParser } from "../../src/frames/wire/multipart.ts";
import { selfSigned } from "../../src/server/access/tls/self-signed.ts";
import { ChunkedReader, LimitedReader } from "../../src/sources/chunked-reader.ts";
import { HttpHeadReader } from "../../src/sources/http-head.ts";
import { HttpStream } from "../../src/sources/http-stream.ts";
import { MjpegHttpSource } from "../../src/sources/mjpeg-http.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { feed } from "../../src/streams/source-runner.ts";
import { patience, TEST_MS } from "../limits.ts";
import { fc, runs } from "../property.ts";
import { numberIn, picture } from "../streams/pictures.ts";
import { answering } from "./answering.ts";
import { framesOf } from "./reading.ts";

const timeout = TEST_MS;

/** Gives bytes to a reader as a socket does: so many at a time, and in place where the reader has one. */
function pour(reader: ByteReader, bytes: Uint8Array, sizes: readonly number[]): number {
  const { buffer, callback } = receiveInto(reader, (error) => {
    throw error;
  });
  let inPlace = 0;
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const target = typeof buffer === "function" ? buffer() : buffer;
    const count = Math.min(target.length, bytes.length - at, sizes[n % sizes.length] ?? 1);
    if (reader.place()) inPlace += count;
    target.set(bytes.subarray(at, at + count));
    callback(count, target);
    at += count;
  }
  return inPlace;
}

const SIZES = fc.array(fc.integer({ min: 1, max: 300 }), { minLength: 1, maxLength: 6 });
const BODIES = fc.array(fc.uint8Array({ maxLength: 400 }), { minLength: 1, maxLength: 6 });

function multipart(bodies: readonly Uint8Array[]): Buffer {
  const parts = bodies.map((body) =>
    Buffer.concat([Buffer.from(`--f\r\nContent-Length: ${body.length}\r\n\r\n`), body, CRLF]),
  );
  return Buffer.concat([...parts, Buffer.from("--f--\r\n")]);
}

const CRLF = Buffer.from("\r\n");

function inChunks(bytes: Buffer, sizes: readonly number[]): Buffer {
  const chunks: Buffer[] = [];
  for (let at = 0, n = 0; at < bytes.length; n++) {
    const piece = bytes.subarray(at, at + (sizes[n % sizes.length] ?? 1));
    chunks.push(Buffer.from(`${piece.length.toString(16)};x=y\r\n`), piece, CRLF);
    at += piece.length;
  }
  return Buffer.concat([...chunks, Buffer.from("0\r\n\r\n")]);
}

test("parts are the same however they are received: in place, by way of other memory, chunked or not", () => {
  let inPlace = 0;
  fc.assert(
    fc.property(BODIES, SIZES, SIZES, fc.boolean(), (bodies, pieces, chunks, isChunked) => {
      const found: Uint8Array[] = [];
      const parser = new MultipartParser({
        boundary: "f",
        onPart: ({ body }) => found.push(body),
      });
      const stream = multipart(bodies);
      if (isChunked) inPlace += pour(new ChunkedReader(parser), inChunks(stream, chunks), pieces);
      else inPlace += pour(parser, stream, pieces);
      assert.deepEqual(found, bodies);
      assert.ok(parser.ended);
    }),
    { numRuns: runs(300) },
  );
  assert.ok(inPlace > 0);
});

test("buffers of GStreamer's protocol are the same however they are received", () => {
  fc.assert(
    fc.property(BODIES, SIZES, (bodies, pieces) => {
      const found: Uint8Array[] = [];
      const parser = new GdpParser({ onBuffer: ({ payload }) => found.push(payload) });
      const packets = bodies.map((body) => {
        const header = Buffer.alloc(62);
        header.set([1, 0, 0, 0, 0, 1]);
        header.writeUInt32BE(body.length, 6);
        return Buffer.concat([header, body]);
      });
      pour(parser, Buffer.concat(packets), pieces);
      assert.deepEqual(found, bodies);
    }),
    { numRuns: runs(200) },
  );
});

test("a body whose length is stated ends there, however it is received", () => {
  fc.assert(
    fc.property(BODIES, SIZES, fc.nat(100), (bodies, pieces, behind) => {
      fc.pre(bodies.at(-1)?.at(-1) !== 0xff); // it may be the first byte of a picture, with a length that is wrong
      const found: Uint8Array[] = [];
      const parser = new MultipartParser({ boundary: "f", onPart: ({ body }) => found.push(body) });
      const stream = multipart(bodies);
      const cut = stream.subarray(0, stream.lastIndexOf("--f--"));
      const limited = new LimitedReader(parser, cut.length);
      pour(limited, Buffer.concat([cut, Buffer.alloc(behind, "x")]), pieces);
      assert.deepEqual(found, bodies);
      assert.ok(limited.ended && !parser.ended);
    }),
    { numRuns: runs(200) },
  );
});

test("by TLS frames are received whole, too, in chunks larger and smaller than they are; of a server that nobody vouches for none", {
  timeout,
}, async (t) => {
  const bytes = (n: number) => 1000 + 40_000 * n;
  const server = createSecureServer(
    await selfSigned({ names: ["127.0.0.1"], days: 1 }),
    async (_, response) => {
      response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=f" });
      response.on("error", () => {});
      const all = Array.from({ length: 12 }, (_, n) => picture(n, bytes(n)));
      const stream = multipart(all);
      for (let at = 0, size = 7; at < stream.length; at += size, size *= 3)
        response.write(stream.subarray(at, at + size));
      response.end();
    },
  ).listen(0, "127.0.0.1");
  t.after(() => {
    server.closeAllConnections();
    server.close();
    delete process.env.NODE_TLS_REJECT_UNAUTHORIZED;
  });
  await once(server, "listening");
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}/`;
  const read = async () => {
    const jpegs: Uint8Array[] = [];
    for await (const { jpeg } of framesOf(new MjpegHttpSource(url), patience())) jpegs.push(jpeg);
    return jpegs;
  };
  await assert.rejects(read(), {
    code: "SOURCE_FAILED",
    message:
      /its certificate is not trusted \(\w+ certificate\).*fingerprint is ([0-9A-F]{2}:){31}/,
  });
  process.env.NODE_TLS_REJECT_UNAUTHORIZED = "0";
  const stream = new MJPEGStream({ ringbufferSize: 20 });
  const feeding = feed(stream, new MjpegHttpSource(url), { keepWarm: true, once: true });
  await feeding.ended;
  assert.deepEqual(
    stream.heldFrames.map(({ jpeg }) => numberIn(jpeg)),
    Array.from({ length: 12 }, (_, n) => n),
  );
  for (const { jpeg, index } of stream.heldFrames)
    assert.ok(Buffer.from(jpeg).equals(picture(index, bytes(index))), `frame ${index}`);
});

test("chunks that are none are refused with a sentence", () => {
  const nothing = { read: () => {}, place: () => undefined, received: () => {} };
  for (const text of ["hello\r\n", "2\r\nabz\r\n", "-1\r\n", `${"1".repeat(20_000)}`, "\r\n"]) {
    assert.throws(
      () => new ChunkedReader(nothing).read(Buffer.from(text)),
      /chunked but is not/,
      text,
    );
  }
});

test("chunks without the line end behind each are read", () => {
  let text = "";
  const inner = {
    read: (bytes: Uint8Array) => {
      text += Buffer.from(bytes).toString();
    },
    ...{ place: () => undefined, received: () => {} },
  };
  const reader = new ChunkedReader(inner);
  for (const byte of Buffer.from("2\r\nab3;x=y\r\ncde1\nf\r\n0\r\n\r\n"))
    reader.read(Uint8Array.of(byte));
  assert.deepEqual([text, reader.ended], ["abcdef", true]);
});

test("a head may come in any pieces, with line feeds alone, after others that say to wait", () => {
  const text = "HTTP/1.0 200 Very fine\nContent-Type: a/b;\n boundary=c\nX: 1\nx: 2\n\nrest";
  for (let size = 1; size <= text.length; size++) {
    const reader = new HttpHeadReader();
    let found: ReturnType<HttpHeadReader["read"]>;
    let at = 0;
    for (; !found && at < text.length; at += size) {
      found = reader.read(Buffer.from(text.slice(at, at + size)));
    }
    assert.equal(found?.head.statusText, "Very fine");
    assert.deepEqual(
      [...found.head.headers],
      [
        ["content-type", "a/b; boundary=c"],
        ["x", "1"],
      ],
    );
    const behind = text.slice(at);
    assert.equal(Buffer.from(found.rest).toString() + behind, "rest");
  }
});

class Kept implements ByteReader {
  text = "";
  ended = false;
  read(bytes: Uint8Array): void {
    this.text += Buffer.from(bytes).toString("latin1");
    if (this.text.includes("!")) throw new Error("An exclamation.");
    this.ended = this.text.includes("stop");
  }
  place(): undefined {}
  received(): void {}
}

test("a body is read to its end, or to where its reader has all, and an error ends it with its reason", {
  timeout,
}, async (t) => {
  const body = async (rest: string, more: (socket: Socket) => void) => {
    const url = await answering(t, (socket) => {
      socket.write(`HTTP/1.1 103 Wait\r\n\r\nHTTP/1.1 200 OK\r\n\r\n${rest}`);
      more(socket);
    });
    const stream = await HttpStream.open(new URL(url), {}, patience());
    const kept = new Kept();
    await new Promise((resolve) => setImmediate(resolve)); // nothing is lost before it is read
    return { kept, done: stream.read(kept) };
  };
  const whole = await body("early, ", (socket) => socket.end("late"));
  await whole.done;
  assert.equal(whole.kept.text, "early, late");
  const stopped = await body("", (socket) => socket.write("stop"));
  await stopped.done;
  const failed = await body("!", () => {});
  await assert.rejects(failed.done, /An exclamation/);
  const reset = await body("", (socket) => setImmediate(() => socket.resetAndDestroy()));
  await assert.rejects(reset.done, { code: "ECONNRESET" });
});

test("who asks no longer closes the connection, before and after the head", {
  timeout,
}, async (t) => {
  const closed: Promise<unknown>[] = [];
  let isMute = true;
  const url = await answering(t, (socket) => {
    closed.push(once(socket, "close"));
    if (!isMute) socket.write("HTTP/1.1 200 OK\r\n\r\n");
  });
  const early = new AbortController();
  const opening = HttpStream.open(new URL(url), {}, early.signal);
  while (closed.length === 0) await new Promise((resolve) => setImmediate(resolve));
  early.abort();
  await assert.rejects(opening, { name: "AbortError" });
  isMute = false;
  const late = new AbortController();
  const stream = await HttpStream.open(new URL(url), {}, late.signal);
  const reading = stream.read(new Kept());
  late.abort();
  await assert.rejects(reading, { name: "AbortError" });
  await Promise.all(closed);
});
