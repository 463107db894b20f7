import assert from "node:assert/strict";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { logTo, now, type StoredFile } from "thingscope";
import { verifyRecording } from "thingscope/recording";
import { Stamps } from "../../src/base/history.ts";
import { wallClock } from "../../src/base/wall-clock.ts";
import { MJPEGReader } from "../../src/client/index.ts";
import { readLedger } from "../../src/recording/ledger/read-ledger.ts";
import { ledgerPathOf } from "../../src/recording/ledger/video-names.ts";
import { createToken } from "../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../src/server/access/login/accounts-file.ts";
import { SessionStore } from "../../src/server/access/login/session-store.ts";
import { idOf } from "../../src/server/notifications/notification-ids.ts";
import { TEST_MS } from "../limits.ts";
import { armed, folderFor, recorderFor } from "../things/recorder-server.ts";
import { ask } from "./requests.ts";
import { bearer, logIn } from "./secured.ts";

const HOUR_MS = 3_600_000;
/** What a busy machine may need between two readings of a clock that are compared. */
const NEAR_MS = 60_000;
const JSON_BODY = { "Content-Type": "application/json" };

/** A wall clock that the test sets; it is right again at the end. */
function settableClock(t: TestContext) {
  const clock = { ahead: 0, now: () => Date.now() + clock.ahead };
  t.after(wallClock.readFrom(clock.now));
  return clock;
}

test("the wall clock is set by hours, both ways, under recording, login and streams, and nothing but labels changes", {
  timeout: TEST_MS,
}, async (t) => {
  const clock = settableClock(t);
  const folder = await folderFor(t);
  const accounts = new AccountsFile(folder);
  const { token } = await createToken(accounts, { role: "admin", days: 90, name: "long" });
  const { token: short } = await createToken(accounts, { role: "view", days: 1 / 12, name: "2h" });
  const lines: string[] = [];
  let heard = () => {};
  const log = logTo((_, message) => {
    lines.push(message);
    heard();
  });
  const lab = await recorderFor(t, {}, { log, login: { folder } });
  const { port, recorder, camera } = lab;
  const { cookie } = await logIn(port, { token });
  const headers = { Cookie: cookie };
  const get = (path: string, how: Record<string, string> = headers) =>
    ask(port, { path, headers: how });
  const post = async (path: string, body: unknown) => {
    const asked = { method: "POST", path, headers: { ...headers, ...JSON_BODY } };
    return JSON.parse((await ask(port, { ...asked, body: JSON.stringify(body) })).text);
  };
  const run = async (path: string, input: unknown) => {
    let invocation = await post(path, input);
    while (["pending", "running"].includes(invocation.status)) {
      await camera.mjpeg_stream.grab();
      invocation = JSON.parse((await get(new URL(invocation.href, lab.url).pathname)).text);
    }
    assert.equal(invocation.status, "completed", JSON.stringify(invocation));
    return invocation.output;
  };
  const isNear = (time: string | number, what: string) => {
    const off = new Date(time).getTime() - clock.now();
    assert.ok(Math.abs(off) < NEAR_MS, `${what} is ${off} ms off at ${clock.ahead}`);
  };

  const gone = new AbortController();
  const seen: number[] = [];
  const viewer = (async () => {
    const url = `${lab.url}/camera/mjpeg_stream`;
    const reader = new MJPEGReader(url, {
      every: true,
      credentials: { token },
      signal: gone.signal,
    });
    for await (const { index } of reader) seen.push(index);
  })().catch(() => {});
  await armed(recorder);
  const signed = await post("/signed_urls", {
    path: "/camera/mjpeg_stream/snapshot",
    seconds: 600,
  });
  await run("/recorder/start_recording", { name: "steps" });

  for (const [n, ahead] of [3 * HOUR_MS, -5 * HOUR_MS, 0].entries()) {
    const byMs = ahead - clock.ahead;
    const told = new Promise<void>((resolve) => {
      heard = () => {
        if (lines.filter((line) => line.startsWith("The wall clock went")).length > n) resolve();
      };
    });
    const count = seen.length;
    clock.ahead = ahead;
    await told;
    const line = lines.findLast((line) => line.startsWith("The wall clock went")) ?? "";
    const way = byMs > 0 ? "forward" : "back";
    const by = Number(new RegExp(`^The wall clock went ${way} by ([\\d.]+) s`).exec(line)?.[1]);
    assert.ok(Math.abs(by * 1000 - Math.abs(byMs)) < 1000, line);

    const snapshot = await get("/camera/mjpeg_stream/snapshot");
    assert.equal(snapshot.status, 200);
    isNear(Number(snapshot.headers["x-timestamp"]) * 1000, "a frame's time");
    const age = Number(snapshot.headers["x-frame-age"]);
    assert.ok(age >= 0 && age < 60, `${age}`);
    const health = JSON.parse((await get("/health")).text);
    const stream = health.things.camera.streams.mjpeg_stream;
    assert.ok(stream.running && stream.age < 60 && stream.rate > 1, JSON.stringify(stream));
    assert.ok(
      Math.abs(health.clock.lastStep.by * 1000 - byMs) < 1000,
      `${health.clock.lastStep.by}`,
    );
    isNear(health.clock.lastStep.at, "the time of the step");
    assert.match((await get("/metrics")).text, /^thingscope_wall_clock_steps_total [1-9]/m);

    assert.equal((await fetch(signed.url)).status, 200, "what was signed for ten minutes");
    assert.equal((await get("/camera/stream_active", bearer(token))).status, 200);
    const isOver = ahead > 2 * HOUR_MS;
    assert.equal((await get("/camera/stream_active", bearer(short))).status, isOver ? 401 : 200);

    await run("/recorder/record", { reason: `clock at ${ahead}` });
    const runs = JSON.parse((await get("/recorder/record")).text);
    assert.equal(runs.length, n + 1, "no invocation is forgotten early");
    for (const { timeRequested } of runs) isNear(timeRequested, "an invocation's time");
    while (seen.length < count + 5) await camera.mjpeg_stream.grab();
  }

  const summary = await run("/recorder/stop_recording", {});
  assert.equal(summary.dropped, 0);
  const path = join(lab.folder, "steps.mkv");
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
  const ledger = (await readLedger(ledgerPathOf(path)))!;
  const hours = ledger.summary!.clockSteps.map((step) => Math.round(step / 1000) / 3600);
  assert.deepEqual(hours, [3, -8, 5]);
  const times = Array.from(ledger.frames, ({ capturedAt }) => capturedAt);
  assert.ok(Math.abs(times[0]! - Date.now()) < NEAR_MS);
  assert.ok(
    times.every((time, n) => n === 0 || (time >= times[n - 1]! && time - times[n - 1]! < NEAR_MS)),
  );
  gone.abort();
  await viewer;
  const gaps = seen.filter((index, n) => n > 0 && index !== seen[n - 1]! + 1);
  assert.deepEqual(gaps, [], "the viewer was not dropped, and missed no frame");
});

test("a recording that is begun after the clock was set has the right times from its first frame on", {
  timeout: TEST_MS,
}, async (t) => {
  const clock = settableClock(t);
  const { recorder } = await recorderFor(t);
  await armed(recorder);
  clock.ahead = -7 * HOUR_MS;
  wallClock.look();
  const closed = new Promise<StoredFile>((resolve) => recorder.recording_finished.on(resolve));
  await recorder.record({ reason: "late" });
  const { path } = await closed;
  const { frames, summary } = (await readLedger(ledgerPathOf(path)))!;
  assert.ok(Math.abs(frames.at(0)!.capturedAt - clock.now()) < NEAR_MS);
  assert.deepEqual(summary!.clockSteps, []);
});

test("a session that was saved by a clock that was ahead lasts thirty days from now on, not until the clock is there", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderFor(t);
  const log = logTo(() => {});
  const clock = { passed: 0, ahead: 365 * 24 * HOUR_MS };
  const clocks = {
    now: () => now() + clock.passed,
    wall: () => Date.now() + clock.passed + clock.ahead,
  };
  const before = new SessionStore(folder, log, clocks);
  const secret = await before.begin("key", "somebody");
  await before.close();
  clock.ahead = 0;
  const after = new SessionStore(folder, log, clocks);
  await after.open();
  clock.passed = 29 * 24 * HOUR_MS;
  const found = after.use("key", secret);
  assert.equal(found?.account, "somebody");
  clock.passed += 31 * 24 * HOUR_MS;
  assert.equal(after.use("key", secret), undefined);
});

test("ids of notifications go on when the clock is set back, and follow it forward: no reader misses one or gets one twice", (t) => {
  const clock = settableClock(t);
  const stamps = new Stamps();
  const given = [idOf(stamps.next())];
  const made = [given[0]!];
  for (const ahead of [2 * HOUR_MS, -3 * HOUR_MS, 0, 4 * HOUR_MS]) {
    clock.ahead = ahead;
    wallClock.look();
    const [one, present, other] = [stamps.next(), stamps.present(), stamps.next()].map(idOf);
    given.push(one!, present!, other!);
    made.push(one!, other!);
    if (ahead > 0) assert.ok(Math.abs(Date.parse(given.at(-1)!) - clock.now()) < NEAR_MS);
  }
  assert.deepEqual([...given].sort(), given);
  assert.equal(new Set(made).size, made.length);
});
