import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Socket } from "node:net";
import { after, test } from "node:test";
import { gzipSync } from "node:zlib";
import type { SourceFrame } from "../../src/frames/frame-source.ts";
import { type MjpegHttpOptions, MjpegHttpSource } from "../../src/sources/mjpeg-http.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { feed } from "../../src/streams/source-runner.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { memoryHeld, memoryHeldWithin } from "../memory.ts";
import { numberIn, picture } from "../streams/pictures.ts";
import { answering } from "./answering.ts";
import { framesOf } from "./reading.ts";

const timeout = TEST_MS;
const closing: (() => void)[] = [];
after(() => {
  for (const close of closing) close();
});

async function http(listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  closing.push(() => {
    server.close();
    server.closeAllConnections();
  });
  await once(server, "listening");
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

/** A server that answers each connection with these bytes as they are. */
function raw(answer: (socket: Socket) => void): Promise<string> {
  return answering({ after: (end) => void closing.push(end) }, answer);
}

async function take(
  url: string,
  count: number,
  options?: MjpegHttpOptions,
): Promise<SourceFrame[]> {
  const frames: SourceFrame[] = [];
  const reading = new AbortController();
  for await (const frame of framesOf(new MjpegHttpSource(url, options), reading.signal)) {
    if (frames.push(frame) === count) reading.abort();
  }
  return frames;
}

const refused = (url: string, reason: RegExp, options?: MjpegHttpOptions) =>
  assert.rejects(take(url, 1, options), { code: "SOURCE_FAILED", message: reason });

const OPENING = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=x\r\n\r\n";
const part = (n: number) =>
  Buffer.concat([
    Buffer.from(`--x\r\nContent-Type: image/jpeg\r\n\r\n`),
    picture(n),
    Buffer.from("\r\n"),
  ]);

test("frames of another Thingscope keep who captured them, through two servers", {
  timeout,
}, async () => {
  const first = new MJPEGStream();
  const second = new MJPEGStream();
  const firstUrl = await http((request, response) => first.mjpegStreamResponse(request, response));
  const secondUrl = await http((request, response) =>
    second.mjpegStreamResponse(request, response),
  );
  const feeding = feed(second, new MjpegHttpSource(`${firstUrl}/live?fps=50`), { keepWarm: true });
  const taken = take(secondUrl, 3);
  while (second.demand.count === 0 || first.demand.count === 0) await new Promise(setImmediate);
  const adding = setInterval(() => first.addFrame(picture(first.lastFrameIndex + 1)), 20);
  const frames = await taken;
  clearInterval(adding);
  await feeding.stop();
  for (const { jpeg, origin } of frames) {
    assert.equal(origin?.stream, `${firstUrl}/live`);
    assert.equal(origin.run, first.run);
    assert.equal(origin.index, numberIn(jpeg));
  }
});

test("frames of a foreign server have no origin, with and without lengths", {
  timeout,
}, async () => {
  const url = await raw((socket) => {
    socket.write(OPENING);
    for (let n = 0; n < 4; n++) socket.write(part(n));
  });
  const frames = await take(url, 3);
  assert.deepEqual(
    frames.map(({ jpeg }) => numberIn(jpeg)),
    [0, 1, 2],
  );
  assert.ok(frames.every(({ origin }) => origin === undefined));
});

test("a stream that breaks off is read again", { timeout }, async () => {
  let connections = 0;
  const url = await raw((socket) => {
    connections++;
    socket.end(Buffer.concat([Buffer.from(OPENING), part(connections), part(0)]));
  });
  const stream = new MJPEGStream();
  const feeding = feed(stream, new MjpegHttpSource(url), { keepWarm: true, backOffMs: 20 });
  while (connections < 3) await new Promise((resolve) => setTimeout(resolve, 5));
  await feeding.stop();
});

test("a login goes along, and no message shows it", { timeout }, async () => {
  const url = await http((request, response) => {
    if (request.headers.authorization !== `Basic ${btoa("me:secret")}`)
      response.writeHead(401).end();
    else response.writeHead(404).end();
  });
  await refused(
    `${url}/cam?token=secret`,
    /^http:\/\/127.0.0.1:\d+\/cam requires a login \(401\)\. Put it/,
  );
  await refused(
    url.replace("//", "//me:secret@"),
    /^http:\/\/127.0.0.1:\d+\/ answered 404 Not Found/,
  );
  await refused(
    url.replace("//", "//me:wrong@"),
    /^http:\/\/127.0.0.1:\d+\/ refuses the login \(401\)/,
  );
});

test("redirects are followed on one host, and not without an end", { timeout }, async () => {
  const url = await http((request, response) => {
    if (request.url === "/loop") response.writeHead(302, { Location: "/loop" }).end();
    else if (request.url === "/away")
      response.writeHead(302, { Location: "http://169.254.169.254/secrets" }).end();
    else if (request.url === "/file")
      response.writeHead(302, { Location: "file:///etc/passwd" }).end();
    else if (request.url === "/moved") response.writeHead(301, { Location: "/" }).end();
    else response.writeHead(200, { "Content-Type": "text/html" }).end("<p>");
  });
  await refused(`${url}/loop`, /redirects more than/);
  await refused(`${url}/away`, /redirects to another host, 169\.254\.169\.254/);
  await refused(`${url}/file`, /which is not an http address/);
  await refused(`${url}/moved`, /\/moved sends text\/html, not an MJPEG stream/);
});

test("what is no stream is told from one", { timeout }, async () => {
  const url = await http((request, response) => {
    if (request.url === "/page") response.writeHead(200, { "Content-Type": "text/html" }).end();
    else if (request.url === "/png") response.writeHead(200, { "Content-Type": "image/png" }).end();
    else {
      response.writeHead(200, {
        "Content-Type": "multipart/x-mixed-replace; boundary=x",
        "Content-Encoding": "gzip",
      });
      response.end(gzipSync(Buffer.alloc(50_000_000)));
    }
  });
  await refused(`${url}/page`, /sends text\/html, not an MJPEG stream/);
  await refused(`${url}/png`, /sends image\/png, not an MJPEG stream .* or a JPEG/);
  await refused(`${url}/bomb`, /no boundary has come/);
});

test("a placeholder is no frame: its reason is told", { timeout }, async () => {
  const url = await raw((socket) => {
    socket.write(`${OPENING}--x\r\nX-Placeholder: unplugged\r\nContent-Length: 1\r\n\r\nx\r\n`);
  });
  await refused(url, /has no frames: unplugged/);
});

test("headers without an end, no boundary, endless bodies and a drip of bytes are given up", {
  timeout,
}, async () => {
  const flood = (socket: Socket, piece: string) => {
    const more = () => {
      while (!socket.destroyed && socket.write(piece));
      socket.once("drain", more);
    };
    more();
  };
  const before = await memoryHeld();
  await refused(
    await raw((socket) => flood(socket, "HTTP/1.1 200 OK\r\nX: y\r\n".repeat(1))),
    /does not speak HTTP|bytes of headers/,
  );
  await refused(
    await raw((socket) => {
      socket.write("HTTP/1.1 200 OK\r\n");
      flood(socket, "X: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\r\n");
    }),
    /more than 262144 bytes of headers/,
  );
  await refused(
    await raw((socket) => {
      socket.write(OPENING);
      flood(socket, "no boundary here\r\n".repeat(100));
    }),
    /no boundary has come/,
  );
  await refused(
    await raw((socket) => {
      socket.write(`${OPENING}--x\r\n\r\n`);
      flood(socket, "x".repeat(10_000));
    }),
    /1000000 are allowed/,
    { maxFrameBytes: 1_000_000 },
  );
  const startedAt = new Elapsed();
  const drip = await raw((socket) => {
    socket.write(OPENING);
    const timer = setInterval(() => socket.write("-"), 100);
    socket.once("close", () => clearInterval(timer));
  });
  await refused(drip, /sent no picture for 1 s/, { startMs: 1000 });
  await refused(await raw(() => {}), /sent no picture for 1 s/, { startMs: 1000 });
  assert.ok(startedAt.ms < 10_000);
  const grown = (await memoryHeldWithin(before + 20e6)) - before;
  assert.ok(grown < 20e6, `${grown} bytes more`);
});

test("a camera that may be silent is waited for once it has answered", { timeout }, async () => {
  const url = await raw((socket) => {
    socket.write(OPENING);
    setTimeout(() => socket.write(Buffer.concat([part(1), Buffer.from("--x\r\n")])), 400);
  });
  await refused(await raw((socket) => socket.write(OPENING)), /sent no picture/, { startMs: 100 });
  assert.equal((await take(url, 1, { startMs: 100, stallMs: 0 })).length, 1);
  await refused(await raw(() => {}), /sent no picture/, { startMs: 100, stallMs: 0 });
});

test("nobody there, no such name and no such address are told", { timeout }, async () => {
  const server = createTcpServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  await refused(`http://127.0.0.1:${port}/`, new RegExp(`nothing listens on port ${port}`));
  await refused("http://no-such-host.invalid/", /the host name no-such-host.invalid is unknown/);
  for (const url of ["rtsp://camera/1", "file:///etc/passwd", "camera"]) {
    assert.throws(() => new MjpegHttpSource(url), {
      code: "BAD_CONFIG",
      message: /must begin with http/,
    });
  }
});
