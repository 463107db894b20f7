import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { connect, createServer, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import type { CDPSession, Page } from "playwright-core";
import { MJPEGStream, stream, Thing, ThingHost, type ThingServer } from "thingscope";
import { SimulatedStage } from "thingscope/things";
import { now } from "../../src/base/clock.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { openPage } from "./chromium.ts";
import { listen } from "./dashboard-server.ts";

const isLong = process.env.THINGSCOPE_LONG !== undefined;
/** Eight hours at 30 a second. */
const ALL_FRAMES = 8 * 3600 * 30;
/** What page and worker may hold more after all of them, MB; over few frames the compiler's own memory counts for much. */
const MOST_GAINED = isLong ? 32 : 256;
const WARM_UP = 1500;
const FRAMES = isLong ? ALL_FRAMES : 2000;
/** Something happens after so many: the page leaves and comes back, the network is lost, the Things change. */
const PER_DEED = isLong ? 2500 : 250;
/** One frame of a stream is under way at a time: the wall shows the frames of many in the time of one. */
const CAMERAS = isLong ? 24 : 1;
/** The browser draws one as fast as it can, not 60 times a second. */
const UNPACED = ["--disable-frame-rate-limit", "--disable-gpu-vsync"];
/** A frame that was sent to nobody is followed by another after so long. */
const AGAIN_MS = 1000;
/** What is held is told so often, that a run that was ended has told something. */
const TELLINGS = 10;

class Fed extends Thing {
  @stream("Frames as fast as they are drawn")
  readonly live = new MJPEGStream();
}

test(`the heap of page and worker does not grow over ${FRAMES} frames with losses, pauses and other Things: eight hours gain less than ${MOST_GAINED} MB`, {
  timeout: isLong ? 2 * 3600_000 : TEST_MS,
}, async (t) => {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  const cameras = Array.from({ length: CAMERAS }, () => new Fed());
  for (const [n, camera] of cameras.entries()) host.add(`camera_${n}`, camera);
  const { server, port } = await listen(t, host);
  const way = await cuttableWay(t, port);
  const { page } = await openPage(t, { args: CAMERAS > 1 ? [] : UNPACED });
  await page.goto(`${way.url}/${CAMERAS > 1 ? "?view=wall" : ""}`);
  const jpeg = await jpegOf(64, 48);
  const deeds = deedsOf(page, host, server, way.cut);
  let deed = 0;
  const show = async (count: number) => {
    let shown = 0;
    const feed = async ({ live }: Fed) => {
      while (++shown <= count) {
        if (shown % PER_DEED === 0) await deeds[deed++ % deeds.length]!();
        const before = live.stats.sentFrames;
        live.addFrame(jpeg);
        for (let added = now(); live.stats.sentFrames === before; await pause(1)) {
          if (now() - added < AGAIN_MS) continue;
          live.addFrame(jpeg); // who connects again is not sent a frame that is too old by then
          added = now();
        }
      }
    };
    await Promise.all(cameras.map(feed));
  };
  const heaps = await heapsOf(page);
  await show(WARM_UP);
  const first = await heaps();
  const held: number[] = [first];
  for (let n = 1; n <= TELLINGS; n++) {
    await show(FRAMES / TELLINGS);
    held.push(await heaps());
    if (isLong) console.log(`# after ${n * (FRAMES / TELLINGS)} frames: ${inMb([held.at(-1)!])}`);
  }
  const [middle, last] = [held[TELLINGS / 2]!, held.at(-1)!];
  const gained = Math.min(last - first, 2 * (last - middle)) * (ALL_FRAMES / FRAMES);
  t.diagnostic(
    `page and worker hold ${inMb(held)}; in eight hours ${(gained / 2 ** 20).toFixed(1)} MB more`,
  );
  assert.ok(gained < MOST_GAINED * 2 ** 20, `${gained} bytes in eight hours`);
});

function inMb(all: readonly number[]): string {
  return `${all.map((bytes) => (bytes / 2 ** 20).toFixed(2)).join(", ")} MB`;
}

/** What happens in eight hours, one after another. */
function deedsOf(
  page: Page,
  host: ThingHost,
  server: ThingServer,
  cut: () => void,
): (() => Promise<void>)[] {
  let extra = 0;
  const frozen = (isFrozen: boolean) =>
    page.evaluate(`document.querySelector("dashboard-page").shadowRoot.querySelector("bench-view, wall-view")
      .shadowRoot.querySelector("camera-view").live.isFrozen = ${isFrozen}`);
  return [
    async () => {
      await frozen(true);
      await frozen(false);
    },
    async () => cut(),
    async () => {
      const before = extra > 0 ? [`extra_${extra}`] : [];
      await host.exchange(before, async () => {
        host.add(`extra_${++extra}`, new SimulatedStage());
        await server.thingsChanged();
      });
    },
    () => pause(isLong ? 2500 : 500), // long enough that the picture is stale
  ];
}

/** A way to the server that can be cut. */
async function cuttableWay(
  t: TestContext,
  port: number,
): Promise<{ url: string; cut: () => void }> {
  const open = new Set<Socket>();
  const server = createServer((client) => {
    const onward = connect(port, "127.0.0.1");
    client.pipe(onward).pipe(client);
    open.add(client);
    client.on("error", () => onward.destroy());
    onward.on("error", () => client.destroy());
    client.on("close", () => {
      open.delete(client);
      onward.destroy();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = () => {
    for (const client of open) client.destroy();
  };
  t.after(() => {
    server.close();
    cut();
  });
  return { url: `http://127.0.0.1:${Object(server.address()).port}`, cut };
}

/** @returns What page and workers hold after their garbage has been collected, bytes; what arrays hold too. */
async function heapsOf(page: Page): Promise<() => Promise<number>> {
  const session = await page.context().newCDPSession(page);
  const workers: string[] = [];
  session.on("Target.attachedToTarget", ({ sessionId }) => workers.push(sessionId));
  await session.send("Target.setAutoAttach", { autoAttach: true, waitForDebuggerOnStart: false });
  assert.equal(workers.length, 1, "the worker that draws");
  return async () => {
    const asks: Ask[] = [(method) => session.send(method as "Runtime.getHeapUsage")];
    for (const worker of workers) asks.push(askerOf(session, worker));
    let held = 0;
    for (const ask of asks) {
      await ask("HeapProfiler.collectGarbage");
      const { usedSize = 0, backingStorageSize = 0 } = Object(await ask("Runtime.getHeapUsage"));
      held += usedSize + backingStorageSize;
    }
    return held;
  };
}

type Ask = (method: string) => Promise<unknown>;
let lastId = 0;

function askerOf(session: CDPSession, sessionId: string): Ask {
  return (method) =>
    new Promise((resolve) => {
      const id = ++lastId;
      const hear = ({ message }: { message: string }) => {
        const answer = JSON.parse(message);
        if (answer.id !== id) return;
        session.off("Target.receivedMessageFromTarget", hear);
        resolve(answer.result);
      };
      session.on("Target.receivedMessageFromTarget", hear);
      const message = JSON.stringify({ id, method });
      void session.send("Target.sendMessageToTarget", { sessionId, message });
    });
}
