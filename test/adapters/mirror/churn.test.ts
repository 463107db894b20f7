import assert from "node:assert/strict";
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { delay } from "thingscope";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS } from "../../limits.ts";
import { eventually, Watcher } from "../../streams/watching.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { Held } from "./held.ts";
import { liveOf, Microscope, mirrorOf, origin } from "./origins.ts";

const IS_LONG = process.env.THINGSCOPE_LONG !== undefined;
const ROUNDS = IS_LONG ? 40 : 2;
const VIEWERS = IS_LONG ? 400 : 50;
const LIVE = "/microscope/live";
const REQUEST = `GET ${LIVE} HTTP/1.1\r\nHost: localhost\r\n\r\n`;

/** How viewers come and go: each is told the socket of one that has sent its request, and resolves when it has gone or will not go. */
const MANNERS: readonly ((socket: Socket) => unknown)[] = [
  (socket) => onceRead(socket).then(() => socket.destroy()),
  (socket) => onceRead(socket).then(() => socket.resetAndDestroy()),
  (socket) => socket.destroy(),
  (socket) => socket.end(), // half open: it still could read
  (socket) => socket.pause(),
];

test(`viewers who come and go by hundreds leave nothing at a mirror${IS_LONG ? ", also while its origin is killed and comes back with another size of picture" : ""}`, {
  timeout: IS_LONG ? 1_800_000 : TEST_MS,
}, async (t) => {
  const folder = await temporaryFolder();
  const sizes = [await jpegOf(64, 48), await jpegOf(320, 240)];
  let camera = await originOf(t, { folder, port: 0, jpeg: sizes[0]! });
  const { port } = camera;
  const mirror = await mirrorOf(t, `http://127.0.0.1:${port}`);
  const live = liveOf(mirror);
  const held = new Held();
  for (let round = 0; round < ROUNDS; round++) {
    const sockets = await crowd(mirror.port);
    if (IS_LONG && round % 2 === 1) {
      const jpeg = sizes[Math.ceil(round / 2) % 2]!;
      const stays = new Watcher(mirror.port, LIVE);
      await stays.until(() => stays.parts.length > 0);
      await camera.kill();
      const more = await crowd(mirror.port); // they see why there is no picture
      camera = await originOf(t, { folder, port, jpeg });
      await stays.until(() => stays.parts.at(-1)!.jpeg.equals(jpeg));
      for (const socket of [...more, stays.socket]) socket.destroy();
    }
    for (const socket of sockets) socket.destroy();
    await eventually(() => live.viewers.count === 0 && !live.demand.active);
    await eventually(() => mirror.server.host.get("microscope").trouble === undefined);
    await held.note();
  }
  await camera.untilUnwatched();
  const again = new Watcher(mirror.port, LIVE);
  await again.until(() => again.parts.length > 0);
  again.socket.destroy();
  await camera.untilUnwatched();
  await held.assertFlat(t);
});

/** Viewers of each manner, all at once. @returns Those who have not gone. */
async function crowd(port: number): Promise<Socket[]> {
  const sockets = Array.from({ length: VIEWERS }, () => connect(port, "127.0.0.1"));
  await Promise.all(
    sockets.map(async (socket, n) => {
      socket.on("error", () => {});
      await once(socket, "connect");
      socket.write(REQUEST);
      await MANNERS[n % MANNERS.length]!(socket);
    }),
  );
  return sockets.filter(({ destroyed }) => !destroyed);
}

async function onceRead(socket: Socket): Promise<void> {
  await once(socket, "data");
}

interface Shown {
  readonly folder: string;
  readonly port: number;
  readonly jpeg: Uint8Array;
}

/** A server that shows one picture; in the long form in a process of its own, which can be killed. */
function originOf(t: TestContext, shown: Shown) {
  return IS_LONG ? originProcess(t, shown) : originHere(t, shown);
}

async function originHere(t: TestContext, { folder, port: wanted, jpeg }: Shown) {
  const microscope = new Microscope();
  const { port } = await origin(t, { microscope }, { port: wanted, settings: folder });
  const showing = setInterval(() => microscope.live.addFrame(jpeg), 40);
  t.after(() => clearInterval(showing));
  const untilUnwatched = () => eventually(() => microscope.live.viewers.count === 0);
  return { port, untilUnwatched, kill: () => assert.fail("It is no process of its own.") };
}

async function originProcess(t: TestContext, { jpeg, ...options }: Shown) {
  const shown = Buffer.from(jpeg).toString("base64");
  const argument = JSON.stringify({ ...options, jpeg: shown });
  const file = fileURLToPath(new URL("./origin-child.js", import.meta.url));
  const child: ChildProcess = fork(file, [argument]);
  t.after(() => child.kill("SIGKILL"));
  const [{ port }] = (await once(child, "message")) as [{ port: number }];
  const untilUnwatched = async () => {
    for (;;) {
      child.send({});
      const [{ viewers }] = (await once(child, "message")) as [{ viewers: number }];
      if (viewers === 0) return;
      await delay(100);
    }
  };
  const kill = async () => {
    child.kill("SIGKILL");
    await once(child, "exit");
  };
  return { port, untilUnwatched, kill };
}
