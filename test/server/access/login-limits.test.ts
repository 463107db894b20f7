import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { silentLog } from "../../../src/base/log.ts";
import { AttemptLimit, CheckQueue } from "../../../src/server/access/login/attempt-limit.ts";
import { SessionStore } from "../../../src/server/access/login/session-store.ts";
import { TEST_MS } from "../../limits.ts";
import { basic, PASSWORD, secured } from "../secured.ts";

const isRefused = (attempt: () => unknown) => {
  try {
    attempt();
    return false;
  } catch {
    return true;
  }
};

test("five wrong attempts a minute from one address refuse it alone", () => {
  let time = 0;
  const limit = new AttemptLimit(() => time);
  for (let n = 0; n < 5; n++) limit.begin("10.0.0.1", `user${n}`);
  assert.ok(isRefused(() => limit.begin("10.0.0.1", "ana")));
  assert.ok(isRefused(() => limit.begin("::ffff:10.0.0.1")));
  assert.ok(!isRefused(() => limit.begin("10.0.0.2", "ana")));
  time = 60_001;
  assert.ok(!isRefused(() => limit.begin("10.0.0.1", "ana")));
});

test("an account that is guessed at from everywhere is open to an address that was not wrong", () => {
  const limit = new AttemptLimit(() => 0);
  for (let n = 0; n < 200; n++) limit.begin(`10.0.${n}.1`, "ana");
  assert.ok(
    isRefused(() => limit.begin("10.0.7.1", "ana")),
    "one guess an address",
  );
  assert.ok(!isRefused(() => limit.begin("10.1.1.1", "ana")));
  assert.ok(!isRefused(() => limit.begin("10.0.7.1", "ben")));
});

test("where an account has logged in before, others' mistakes do not count against it", () => {
  const limit = new AttemptLimit(() => 0);
  limit.begin("10.0.0.1", "ana")(); // it was right
  for (let n = 0; n < 5; n++) limit.begin("10.0.0.1", "ben");
  assert.ok(isRefused(() => limit.begin("10.0.0.1", "ben")));
  for (let n = 0; n < 5; n++) limit.begin("10.0.0.1", "ana");
  assert.ok(
    isRefused(() => limit.begin("10.0.0.1", "ana")),
    "its own count",
  );
});

/** A request from one of loopback's many addresses. */
function from(
  localAddress: string,
  port: number,
  headers: Record<string, string>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const options = {
      host: "127.0.0.1",
      port,
      path: "/metrics",
      headers,
      localAddress,
      agent: false,
    };
    request(options, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

test("sixty wrong passwords from elsewhere do not keep the owner out", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, tokens } = await secured(t, { users: true });
  const wrong = new Array(60).fill(0).map((_, n) => {
    return from(`127.0.0.${2 + (n % 12)}`, port, basic("adminer", `wrong ${n}`));
  });
  const answers = await Promise.all(wrong);
  for (const status of answers) assert.ok(status === 401 || status === 429, String(status));
  assert.equal(await from("127.0.0.1", port, basic("adminer", PASSWORD)), 200);
  assert.equal(await from("127.0.0.2", port, { Authorization: `Bearer ${tokens.admin}` }), 200);
});

test("an owner who comes while ten addresses guess is checked next, and not behind them", {
  timeout: TEST_MS,
}, async (t) => {
  const { port } = await secured(t, { users: true });
  const answered: number[] = [];
  const checked = () => answered.filter((status) => status === 401).length;
  const queueIsFull = deferred();
  const guesses = Array.from({ length: 50 }, async (_, n) => {
    const header = basic(`somebody${n}`, `wrong ${n}`);
    answered.push(await from(`127.0.0.${2 + (n % 10)}`, port, header)); // five of each address
    if (answered.length === 33) queueIsFull.resolve(); // one is checked, sixteen wait
  });
  await queueIsFull.promise;
  const before = checked();
  assert.equal(await from("127.0.0.99", port, basic("adminer", PASSWORD)), 200);
  assert.ok(checked() - before <= 5, `${checked() - before} were checked before it`);
  await Promise.all(guesses);
});

test("checks go by who has tried least, of these the newest, and the last gives up its place", async () => {
  const queue = new CheckQueue();
  const done: string[] = [];
  const free = deferred();
  const add = (name: string, isKnown: boolean, attempts: number) =>
    queue
      .run({ isKnown, attempts }, async () => {
        done.push(name);
        if (name === "first") await free.promise;
      })
      .catch(({ code }) => done.push(`${name} ${code}`));
  const all = [add("first", false, 1)];
  for (let n = 0; n < 16; n++) all.push(add(`stranger${n}`, false, 2 + n));
  all.push(add("known", true, 5), add("fresh", false, 1), add("guesser", false, 99));
  free.resolve();
  await Promise.all(all);
  assert.deepEqual(done.slice(0, 6), [
    "first",
    "stranger15 TOO_MANY_ATTEMPTS",
    "guesser TOO_MANY_ATTEMPTS",
    "known",
    "fresh",
    "stranger0",
  ]);
  assert.equal(done.length, all.length);
});

function deferred() {
  let resolve = () => {};
  const promise = new Promise<void>((settle) => {
    resolve = settle;
  });
  return { promise, resolve };
}

/** A clock on which no two moments are the same. */
function ticking() {
  let time = 0;
  return { now: () => ++time, wall: () => ++time };
}

test("a token that logs in a thousand times ends sessions of its own alone", async () => {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-sessions-"));
  const store = new SessionStore(folder, silentLog, ticking());
  const key = "k".repeat(32);
  const admin = await store.begin(key, "admin");
  let last = "";
  for (let n = 0; n < 100; n++) last = await store.begin(key, "view");
  assert.ok(store.use(key, admin));
  assert.ok(store.use(key, last));
  const guests: string[] = [];
  for (let n = 0; n < 200; n++) guests.push(await store.begin(key, "guest.view"));
  for (const guest of guests) assert.ok(store.use(key, guest), "guests share an account");
  await store.begin(key, "guest.view");
  assert.deepEqual([store.use(key, guests[0]!), store.list().length], [undefined, 1 + 20 + 200]);
});

test("sessions of many accounts end the one unused for longest of the account that has most", async () => {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-sessions-"));
  const store = new SessionStore(folder, silentLog, ticking());
  const key = "k".repeat(32);
  const admin = await store.begin(key, "admin");
  for (let n = 0; n < 60; n++) {
    await Promise.all(Array.from({ length: 20 }, () => store.begin(key, `view ${n}`)));
  }
  assert.ok(store.use(key, admin));
});
