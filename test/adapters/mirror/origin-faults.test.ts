import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { type TestContext, test } from "node:test";
import { now, wallTime } from "../../../src/base/clock.ts";
import { createToken, revokeToken } from "../../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../../src/server/access/login/accounts-file.ts";
import { senderOffset } from "../../../src/sources/sender-offset.ts";
import { testFrame } from "../../../src/testing/index.ts";
import { TEST_MS, WAIT_MS } from "../../limits.ts";
import { picture } from "../../streams/pictures.ts";
import { eventually, type Part, Watcher } from "../../streams/watching.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { liveOf, Microscope, mirrorOf, origin } from "./origins.ts";

const timeout = TEST_MS;
const LIVE = "/microscope/live";

test("a mirror logs in at its origin with a token, which viewers never see, and tells them when it is not valid any more", {
  timeout,
}, async (t) => {
  const folder = await temporaryFolder();
  const accounts = new AccountsFile(folder);
  const { token, name } = await createToken(accounts, { role: "view", days: 1 });
  const microscope = new Microscope();
  const source = await origin(t, { microscope }, { login: { folder } });
  const copy = await mirrorOf(t, source.url, {
    connection: { credentials: { token } },
    pictures: { authorization: `Bearer ${token}` },
  });
  const watcher = new Watcher(copy.port, LIVE);
  await eventually(() => microscope.live.viewers.count === 1);
  microscope.live.addFrame(picture(1));
  await watcher.until(() => watcher.parts.length === 1);
  assert.equal(await (await fetch(`${copy.url}/microscope/gain`)).text(), "1");
  const description = await (await fetch(`${copy.url}/microscope/`)).text();
  assert.ok(!description.includes(token) && !watcher.head.includes(token));

  await revokeToken(accounts, name);
  // The origin says after some attempts that there were too many.
  const isTold = ({ headers }: Part) =>
    / \(401\)\.| answered 429 /.test(headers.get("x-placeholder") ?? "");
  await watcher.until(() => watcher.parts.some(isTold));
  await copy.log.line(/This token is not valid here|too many wrong .* tokens/, {
    withinMs: WAIT_MS,
  });
  watcher.socket.destroy();
});

/** A way to a port that can stop to carry what comes from there, as a network does that is too slow. */
async function slowWay(t: TestContext, to: number) {
  const ways: (readonly [here: Socket, there: Socket])[] = [];
  const server = createServer((here) => {
    const there = connect(to, "127.0.0.1");
    ways.push([here, there]);
    for (const socket of [here, there]) {
      socket.on("error", () => {});
      t.after(() => socket.destroy());
    }
    here.pipe(there).pipe(here);
  });
  await once(server.listen(0, "127.0.0.1"), "listening");
  t.after(() => server.close());
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    stop: () => ways.forEach(([here, there]) => void there.unpipe(here).pause()),
    goOn: () => ways.forEach(([here, there]) => void there.pipe(here)),
  };
}

test("frames that the way to a mirror was too slow for are told as lost, and the newest comes", {
  timeout,
}, async (t) => {
  const microscope = new Microscope();
  const source = await origin(t, { microscope });
  const way = await slowWay(t, source.port);
  const copy = await mirrorOf(t, way.url);
  const watcher = new Watcher(copy.port, LIVE);
  await eventually(() => microscope.live.viewers.count === 1);
  microscope.live.addFrame(large(picture(0), 2e6));
  await watcher.until(() => watcher.parts.length === 1);
  way.stop();
  while (microscope.live.stats.skippedFrames < 5) {
    microscope.live.addFrame(large(picture(1), 2e6));
    await new Promise(setImmediate);
  }
  const last = microscope.live.lastFrameIndex;
  way.goOn();
  const isLast = () =>
    watcher.parts.at(-1)?.headers.get("x-origin")?.includes(`index=${last}`) ?? false;
  await watcher.until(isLast);
  const { added, lostBySource, outages } = liveOf(copy).stats;
  assert.deepEqual([added + lostBySource, outages], [last + 1, 0]);
  assert.ok(lostBySource >= 5);
  watcher.socket.destroy();
});

/** The same picture with comments, so that it has more than so many bytes. */
function large(jpeg: Uint8Array, bytes: number): Uint8Array {
  const comment = Buffer.alloc(0xfff2, 32);
  comment.writeUInt32BE(0xfffefff0);
  const comments = Array.from({ length: Math.ceil(bytes / comment.length) }, () => comment);
  return Buffer.concat([jpeg.subarray(0, 2), ...comments, jpeg.subarray(2)]);
}

test("pictures of another size pass a mirror as they come, also those of ten megabytes", {
  timeout,
}, async (t) => {
  const microscope = new Microscope();
  const copy = await mirrorOf(t, (await origin(t, { microscope })).url);
  const watcher = new Watcher(copy.port, LIVE);
  await eventually(() => microscope.live.viewers.count === 1);
  for (const [n, width] of [64, 320, 32].entries()) {
    microscope.live.addFrame(await testFrame(n, { width, height: 48 }));
    await watcher.until(() => watcher.parts.length > n);
    assert.equal(liveOf(copy).newest?.width, width);
  }
  microscope.live.addFrame(large(picture(1), 10e6));
  await eventually(() => (liveOf(copy).newest?.jpeg.length ?? 0) > 10e6);
  watcher.socket.destroy();
});

test("times of a sender are converted by what its clock shows between request and answer, and clocks that may agree do", () => {
  const at = now();
  const offset = (shownMs: number, begun = at - 100, answered = at) =>
    senderOffset(
      new Map([["x-clock", ((wallTime(at) + shownMs) / 1000).toFixed(6)]]),
      begun,
      answered,
    );
  const near = (found: number | undefined, expected: number) =>
    assert.ok(Math.abs((found ?? Number.NaN) - expected) < 1, `${found} is not ${expected}`);
  const agreed = at - wallTime(at);
  near(offset(-50), agreed);
  near(offset(-99.9), agreed);
  near(offset(3_600_000), agreed - 3_600_000 - 50); // an hour ahead; the answer took 100 ms
  near(offset(-10_000), agreed + 10_000 - 50);
  for (const shown of ["", "x", "-1", "1e9", "12345678901234567890"])
    assert.equal(senderOffset(new Map([["x-clock", shown]]), at - 1, at), undefined);
  assert.equal(senderOffset(new Map(), at - 1, at), undefined);
});
