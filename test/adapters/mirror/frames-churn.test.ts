import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { test } from "node:test";
import { WebSocket } from "ws";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS } from "../../limits.ts";
import { FramesClient } from "../../server/websocket/frames-client.ts";
import { eventually } from "../../streams/watching.ts";
import { Held } from "./held.ts";
import { liveOf, Microscope, mirrorOf, origin } from "./origins.ts";

const IS_LONG = process.env.THINGSCOPE_LONG !== undefined;
const ROUNDS = IS_LONG ? 40 : 2;
const PAGES = IS_LONG ? 100 : 15;
const LIVE = "microscope/live";
const OPTIONS = [
  {},
  { width: 160 },
  { width: 160, fps: 5 },
  { quality: 30 },
  { width: 64, quality: 50, fps: 10 },
  { fps: 2 },
];

/** How the client of a page leaves. */
const MANNERS: readonly ((client: FramesClient) => unknown)[] = [
  ({ socket }) => socket.close(),
  ({ socket }) => socket.terminate(),
  ({ socket }) => socket.pause(),
  (client) => client.say({ unsubscribe: 1 }),
  (client) => client.subscribe(1, LIVE, { width: 320 }),
];

test("pages over /frames and viewers of smaller pictures that come and go pull one stream of the origin, and leave nothing", {
  timeout: IS_LONG ? 1_800_000 : TEST_MS,
}, async (t) => {
  const microscope = new Microscope();
  const source = await origin(t, { microscope });
  const jpeg = await jpegOf(320, 240);
  let most = 0;
  const showing = setInterval(() => {
    microscope.live.addFrame(jpeg);
    most = Math.max(most, microscope.live.viewers.count);
  }, 40);
  t.after(() => clearInterval(showing));
  const mirror = await mirrorOf(t, source.url);
  const live = liveOf(mirror);
  const held = new Held();
  for (let round = 0; round < ROUNDS; round++) {
    const ends = await Promise.all([pages(mirror.url), viewers(mirror.port)]);
    for (const end of ends.flat()) end();
    await eventually(() => !live.demand.active && live.stats.viewers === 0);
    await held.note();
  }
  assert.equal(most, 1);
  await held.assertFlat(t);
});

/** Pages that have seen a picture each, and have left or not. @returns How each ends for good. */
function pages(url: string): Promise<(() => void)[]> {
  const page = async (_: unknown, n: number) => {
    const socket = new WebSocket(`${url.replace("http", "ws")}/frames`);
    const client = new FramesClient(socket);
    await once(socket, "open");
    client.subscribe(1, LIVE, OPTIONS[n % OPTIONS.length]);
    await client.frame();
    client.taken(1);
    MANNERS[n % MANNERS.length]!(client);
    return () => socket.terminate();
  };
  return Promise.all(Array.from({ length: PAGES }, page));
}

/** The same over HTTP, in each size. */
function viewers(port: number): Promise<(() => void)[]> {
  const viewer = async (_: unknown, n: number) => {
    const options: Record<string, number> = OPTIONS[n % OPTIONS.length]!;
    const query = Object.entries(options).map(([name, value]) => `${name}=${value}`);
    const socket = connect(port, "127.0.0.1");
    socket.on("error", () => {});
    socket.write(`GET /${LIVE}?${query.join("&")} HTTP/1.1\r\nHost: localhost\r\n\r\n`);
    await once(socket, "data");
    if (n % 3 === 0) socket.resetAndDestroy();
    if (n % 3 === 1) socket.pause();
    return () => socket.destroy();
  };
  return Promise.all(Array.from({ length: PAGES }, viewer));
}
