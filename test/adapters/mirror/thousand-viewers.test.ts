import assert from "node:assert/strict";
import { once } from "node:events";
import { connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { TEST_MS } from "../../limits.ts";
import { picture } from "../../streams/pictures.ts";
import { eventually } from "../../streams/watching.ts";
import { liveOf, Microscope, mirrorOf, origin } from "./origins.ts";

const IS_LONG = process.env.THINGSCOPE_LONG !== undefined;
const VIEWERS = 1000;
const FRAMES = IS_LONG ? 90 : 6;
const FRAME_BYTES = IS_LONG ? 100_000 : 20_000;
/** Beside the others: they never read. */
const IDLERS = IS_LONG ? 500 : 20;
const LIVE = "/microscope/live";

/** A viewer that counts what it gets. */
class Viewer {
  bytes = 0;
  readonly socket: Socket;

  constructor(port: number, { reads = true } = {}) {
    this.socket = connect(port, "127.0.0.1");
    this.socket.on("error", () => {});
    this.socket.write(`GET ${LIVE} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    if (reads) this.socket.on("data", ({ length }) => (this.bytes += length));
  }
}

/** The camera's uplink: passes connections on, and counts what leaves for each. */
async function uplink(t: TestContext, to: number) {
  const streams = new Map<Socket, number>();
  let others = 0;
  const relay = createServer((here) => {
    const there = connect(to, "127.0.0.1");
    for (const socket of [here, there]) {
      socket.on("error", () => {});
      t.after(() => socket.destroy());
    }
    here.once("data", (request) => {
      if (String(request).startsWith(`GET ${LIVE} `)) streams.set(here, 0);
    });
    there.on("data", ({ length }) => {
      const counted = streams.get(here);
      if (counted === undefined) others += length;
      else streams.set(here, counted + length);
    });
    here.pipe(there).pipe(here);
  });
  await once(relay.listen(0, "127.0.0.1"), "listening");
  t.after(() => relay.close());
  const { port } = relay.address() as { port: number };
  return {
    url: `http://127.0.0.1:${port}`,
    /** Bytes of each stream that was asked for, and of all else. */
    counts: () => ({ streams: [...streams.values()], others }),
  };
}

/** A picture of about so many bytes: a comment makes it as long. */
function largePicture(n: number, bytes: number): Uint8Array {
  const jpeg = picture(n);
  const comments: Buffer[] = [];
  for (let left = bytes - jpeg.length; left > 4; left -= 65_000) {
    const length = Math.min(left, 65_000) - 2;
    comments.push(
      Buffer.from([0xff, 0xfe, length >> 8, length & 255]),
      Buffer.alloc(length - 2, 32),
    );
  }
  return Buffer.concat([jpeg.subarray(0, 2), ...comments, jpeg.subarray(2)]);
}

test(`a thousand viewers of two mirrors get every frame, those beside them who never read delay nobody, and two streams leave the camera`, {
  timeout: TEST_MS,
}, async (t) => {
  const microscope = new Microscope();
  const source = await origin(t, { microscope });
  const link = await uplink(t, source.port);
  const mirrors = [await mirrorOf(t, link.url), await mirrorOf(t, link.url)];
  assert.deepEqual(link.counts().streams, []);
  const portOf = (n: number) => mirrors[n % 2]!.port;
  const viewers = Array.from({ length: VIEWERS }, (_, n) => new Viewer(portOf(n)));
  const idlers = Array.from({ length: IDLERS }, (_, n) => new Viewer(portOf(n), { reads: false }));
  t.after(() => {
    for (const { socket } of [...viewers, ...idlers]) socket.destroy();
  });
  for (const mirror of mirrors)
    await eventually(() => liveOf(mirror).viewers.count === (VIEWERS + IDLERS) / 2);
  await eventually(() => microscope.live.viewers.count === 2);

  const before = process.memoryUsage().rss;
  const heads = viewers.map(({ bytes }) => bytes);
  for (let n = 0; n < FRAMES; n++) {
    microscope.live.addFrame(largePicture(n, FRAME_BYTES));
    await eventually(() =>
      viewers.every(({ bytes }, i) => bytes - heads[i]! >= (n + 1) * FRAME_BYTES),
    );
  }
  const gained = process.memoryUsage().rss - before;

  const { streams, others } = link.counts();
  assert.equal(streams.length, 2);
  const frame = FRAME_BYTES + 400; // with the headers of its part
  for (const bytes of streams)
    assert.ok(
      bytes >= FRAMES * FRAME_BYTES && bytes <= FRAMES * frame + 1000,
      `${bytes} bytes of a stream`,
    );
  const shown = viewers.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.ok(shown >= VIEWERS * FRAMES * FRAME_BYTES);
  for (const mirror of mirrors) {
    assert.equal(liveOf(mirror).stats.added, FRAMES);
    assert.equal(liveOf(mirror).viewers.count, (VIEWERS + IDLERS) / 2);
  }
  if (IS_LONG) assert.ok(mirrors.every((mirror) => liveOf(mirror).stats.skippedFrames > 0));
  t.diagnostic(
    `${(shown / 1e6).toFixed(0)} MB shown of ${((streams[0]! + streams[1]!) / 1e6).toFixed(2)} MB of pictures and ${(others / 1e3).toFixed(0)} kB of descriptions and values; ${(gained / 1e6).toFixed(0)} MB of memory gained`,
  );
});
