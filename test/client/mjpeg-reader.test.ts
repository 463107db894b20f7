import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { after, before, test } from "node:test";
import { MJPEGReader, RemoteBlob, type RemoteFrame, ThingClient } from "thingscope/client";
import { TEST_MS } from "../limits.ts";
import { numberIn, picture } from "../streams/pictures.ts";
import { FakeServer, json } from "./fake-server.ts";
import { type Lab, openLab } from "./instrument.ts";

let lab: Lab;
before(async () => {
  lab = await openLab();
});
after(() => lab[Symbol.asyncDispose]());

/** Adds frames while somebody watches, one a tick, until `until` settles. */
async function filming<T>(work: Promise<T>): Promise<T> {
  let n = 0;
  const timer = setInterval(() => lab.instrument.live.addFrame(picture(n++)), 5);
  return work.finally(() => clearInterval(timer));
}

async function take(reader: AsyncIterable<RemoteFrame>, count: number): Promise<RemoteFrame[]> {
  const frames: RemoteFrame[] = [];
  for await (const frame of reader) {
    frames.push(frame);
    if (frames.length === count) break;
  }
  return frames;
}

/** A part as a foreign server writes it. */
function part(jpeg: Uint8Array, headers = `Content-Length: ${jpeg.length}\r\n`): Buffer {
  const head = `--edge\r\nContent-Type: image/jpeg\r\n${headers}\r\n`;
  return Buffer.concat([Buffer.from(head), jpeg, Buffer.from("\r\n")]);
}

function begin(response: ServerResponse): void {
  response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=edge" });
}

test("our frames come with their identity and the time of their capture", {
  timeout: TEST_MS,
}, async () => {
  const { live } = lab.instrument;
  const client = await ThingClient.connect(lab.url);
  const began = Date.now();
  const frames = await filming(take(client.frames("live", { every: true }), 5));
  for (const [n, frame] of frames.entries()) {
    assert.deepEqual([frame.run, frame.numberedBy], [live.run, "server"]);
    assert.equal(frame.skipped, n === 0 ? 0 : frame.index - frames[n - 1]!.index - 1);
    assert.ok(frame.capturedAt! <= frame.receivedAt + 1);
    assert.ok(frame.capturedAt! >= began - 1);
  }
  const { value: newest } = await filming(client.properties.live_frame!.observe().next());
  assert.ok(newest instanceof RemoteBlob);
  assert.equal(newest.mediaType, "image/jpeg");
  assert.throws(() => client.frames("exposure"), { message: /'exposure' is not a stream/ });
});

test("a slow loop gets the newest frame and is told how many it skipped", {
  timeout: TEST_MS,
}, async () => {
  const reader = new MJPEGReader(`${lab.origin}/instrument/live`);
  const reading = (async () => {
    const indices: number[] = [];
    let skipped = 0;
    for await (const frame of reader) {
      indices.push(frame.index);
      skipped += frame.skipped;
      if (indices.length === 4) break;
      const before = reader.stats.received;
      while (reader.stats.received < before + 3) await new Promise(setImmediate);
    }
    return { indices, skipped };
  })();
  const { indices, skipped } = await filming(reading);
  assert.ok(skipped >= 6, `${skipped} skipped`);
  assert.equal(indices.at(-1)! - indices[0]!, 3 + skipped);
  assert.equal(reader.stats.skipped, skipped);
  assert.equal(reader.stats.connections, 1);
});

test("leaving the loop, or aborting, ends the connection", { timeout: TEST_MS }, async () => {
  const { live } = lab.instrument;
  const viewersGone = async () => {
    while (live.demand.count > 0) await new Promise(setImmediate);
  };
  await filming(take(new MJPEGReader(`${lab.origin}/instrument/live`), 1));
  await viewersGone();
  const leaving = new AbortController();
  const { signal } = leaving;
  const waiting = take(new MJPEGReader(`${lab.origin}/instrument/live`, { signal }), 1000);
  while (live.demand.count === 0) await new Promise(setImmediate);
  leaving.abort();
  assert.ok((await waiting).length < 1000);
  await viewersGone();
});

test("other servers' frames are counted by the reader, with Content-Length or without", {
  timeout: TEST_MS,
}, async () => {
  await using server = new FakeServer();
  const origin = await server.listen();
  for (const [path, headers] of [
    ["/sized", undefined],
    ["/unsized", ""],
    ["/stamped", "X-Timestamp: 1770000000.250000\r\n"],
  ] as const) {
    server.answer(`GET ${path}`, (_, response) => {
      begin(response);
      response.write(part(picture(0), headers));
      response.write(part(Buffer.from("no picture"), headers));
      response.write(part(picture(1), headers));
      response.end("--edge--\r\n");
    });
    const reader = new MJPEGReader(origin + path, { every: true });
    const frames = await take(reader, 100);
    assert.deepEqual(
      frames.map(({ jpeg, run, index, numberedBy }) => [numberIn(jpeg), run, index, numberedBy]),
      [
        [0, "reader-1", 0, "reader"],
        [1, "reader-1", 1, "reader"],
      ],
      path,
    );
    assert.equal(frames[0]?.capturedAt, path === "/stamped" ? 1770000000250 : undefined);
    assert.equal(reader.stats.refused, 1);
  }
});

test("a stream that breaks is connected to again, when that is wished", {
  timeout: TEST_MS,
}, async () => {
  await using server = new FakeServer();
  const origin = await server.listen();
  let connections = 0;
  server.answer("GET /", (request, response) => {
    connections += 1;
    if (connections === 2)
      return json({ detail: "The camera is being exchanged." }, 503)(request, response);
    begin(response);
    response.write(part(picture(connections)));
    response.write("--edge\r\n", () => response.destroy());
  });
  const frames = await take(new MJPEGReader(origin, { reconnect: true }), 2);
  assert.deepEqual(
    frames.map(({ jpeg, run }) => [numberIn(jpeg), run]),
    [
      [1, "reader-1"],
      [3, "reader-2"],
    ],
  );
  await assert.rejects(take(new MJPEGReader(origin), 2), { code: "UNREACHABLE" });
});

test("what is no stream is told in a sentence", async () => {
  await using server = new FakeServer();
  const origin = await server.listen();
  server.answer("GET /page", (_, response) =>
    response.writeHead(200, { "Content-Type": "text/html" }).end("<p>Hello"),
  );
  server.answer("GET /noise", (_, response) => {
    begin(response);
    response.end("x".repeat(20_000));
  });
  await assert.rejects(take(new MJPEGReader(`${origin}/page`), 1), {
    code: "BAD_ANSWER",
    message: /is not a motion-JPEG stream: its content type is 'text\/html'/,
  });
  await assert.rejects(take(new MJPEGReader(`${origin}/noise`), 1), {
    code: "BAD_ANSWER",
    message: /sent no picture: no boundary has come/,
  });
  const gone = new MJPEGReader(`${lab.origin}/instrument/life`, { reconnect: true });
  await assert.rejects(take(gone, 1), { status: 404 });
});

test("a placeholder is no frame, but its reason is told", { timeout: TEST_MS }, async () => {
  const { live } = lab.instrument;
  const reasons: string[] = [];
  const reader = new MJPEGReader(`${lab.origin}/instrument/live`, {
    onPlaceholder: (reason) => {
      reasons.push(reason);
      setImmediate(() => live.addFrame(picture(77)));
    },
  });
  live.showPlaceholder(picture(0), "The lamp is off.");
  const [frame] = await take(reader, 1);
  assert.equal(numberIn(frame!.jpeg), 77);
  assert.deepEqual(reasons, ["The lamp is off."]);
});
