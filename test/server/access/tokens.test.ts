import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, chown, readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import WebSocket from "ws";
import {
  createToken,
  endSessions,
  revokeToken,
  setUser,
} from "../../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../../src/server/access/login/accounts-file.ts";
import { TEST_MS } from "../../limits.ts";
import { needsRoot } from "../../needs.ts";
import { ask } from "../requests.ts";
import { basic, bearer, becomes, logIn, PASSWORD, secured } from "../secured.ts";

const DAY_MS = 24 * 3600_000;
const timeout = TEST_MS;

test("a token made while the server runs is taken at once, and not any more when it is revoked", {
  timeout,
}, async (t) => {
  const { port, folder } = await secured(t);
  const elsewhere = new AccountsFile(folder); // as a command line has it
  const { name, token } = await createToken(elsewhere, { role: "view", days: 1 });
  const read = () => ask(port, { path: "/camera/gain", headers: bearer(token) });
  assert.equal((await read()).status, 200);
  await revokeToken(elsewhere, name);
  await becomes(401, read);
});

test("what a token watches ends when the token is revoked", { timeout }, async (t) => {
  const { url, folder, tokens } = await secured(t);
  const stream = await fetch(`${url}/camera/live`, { headers: bearer(tokens.view) });
  const headers = bearer(tokens.view);
  const socket = new WebSocket(`${url.replace("http", "ws")}/camera/ws`, { headers });
  const closed = once(socket, "close");
  await once(socket, "open");
  await revokeToken(new AccountsFile(folder), "view");
  await stream.arrayBuffer(); // its end
  await closed;
});

test("a token ends with its days", { timeout }, async (t) => {
  const { port, tokens, time } = await secured(t);
  const read = () => ask(port, { path: "/camera/gain", headers: bearer(tokens.view) });
  time.passed = 89.9 * DAY_MS;
  assert.equal((await read()).status, 200);
  time.passed = 90.1 * DAY_MS;
  assert.equal((await read()).status, 401);
});

test("only hashes are kept, in files that nobody else may read", { timeout }, async (t) => {
  const { folder, tokens, port } = await secured(t, { users: "real" });
  const { cookie } = await logIn(port, { token: tokens.view });
  for (const name of ["accounts.json", "accounts.json.prev", "sessions.json"]) {
    const path = join(folder, name);
    assert.equal((await stat(path)).mode & 0o777, 0o600, name);
    const text = await readFile(path, "utf8");
    for (const secret of [...Object.values(tokens), PASSWORD, cookie.split("=")[1]!]) {
      assert.ok(!text.includes(secret), name);
    }
  }
});

test("a folder of secrets that others may read is closed to them, and that is said", {
  timeout,
}, async (t) => {
  const { folder } = await secured(t);
  await chmod(folder, 0o755);
  await chmod(join(folder, "accounts.json"), 0o644);
  await new AccountsFile(folder).open();
  assert.equal((await stat(folder)).mode & 0o777, 0o700);
  assert.equal((await stat(join(folder, "accounts.json"))).mode & 0o777, 0o600);
});

test("secrets that others could have written are refused, and a running server keeps those from before", {
  timeout,
}, async (t) => {
  const { folder } = await secured(t);
  const running = new AccountsFile(folder);
  const { users } = (await running.open()).data;
  const file = join(folder, "accounts.json");
  const isRefused = (why: RegExp) =>
    assert.rejects(new AccountsFile(folder).open(), { code: "BAD_CONFIG", message: why });
  for (const [path, mode] of [
    [file, 0o600],
    [folder, 0o700],
  ] as const) {
    await chmod(path, mode | 0o020);
    await isRefused(/is writable by other users/);
    await chmod(path, mode);
  }
  await writeFile(
    `${file}.planted`,
    JSON.stringify({ key: "k".repeat(43), users: {}, tokens: {} }),
  );
  await chmod(`${file}.planted`, 0o666);
  await rename(`${file}.planted`, file);
  assert.equal(await running.refresh(), false);
  assert.deepEqual(running.current.data.users, users);
});

test("secrets that belong to another user of the machine are refused", {
  timeout,
  ...needsRoot("gives files to another user"),
}, async (t) => {
  const { folder } = await secured(t);
  for (const path of [join(folder, "accounts.json"), folder]) {
    await chown(path, 12345, 12345);
    await assert.rejects(new AccountsFile(folder).open(), {
      code: "BAD_CONFIG",
      message: /belongs to another user \(12345; this process runs as 0\)/,
    });
    await chown(path, 0, 0);
  }
});

test("a user with another role or password is another user from then on", {
  timeout,
}, async (t) => {
  const { port, folder } = await secured(t);
  const elsewhere = new AccountsFile(folder);
  await setUser(elsewhere, "ana", { role: "admin", password: PASSWORD });
  const headers = { "Content-Type": "application/json", ...basic("ana", PASSWORD) };
  const shoot = () => ask(port, { method: "POST", path: "/camera/shoot", headers, body: "{}" });
  assert.equal((await shoot()).status, 201);
  await setUser(elsewhere, "ana", { role: "view", password: PASSWORD });
  await becomes(403, shoot);
  await setUser(elsewhere, "ana", { role: "view", password: "another one, longer" });
  await becomes(401, shoot);
});

test("five wrong passwords a minute from one address, and the next is not even looked at", {
  timeout,
}, async (t) => {
  const { port, tokens, time } = await secured(t, { users: true });
  const read = (headers: Record<string, string>) => ask(port, { path: "/camera/gain", headers });
  assert.equal((await read(basic("viewer", PASSWORD))).status, 200);
  const wrong = await Promise.all(
    Array.from({ length: 8 }, (_, n) => read(basic("operateer", `wrong ${n}`))),
  );
  const statuses = wrong.map(({ status }) => status).sort();
  assert.deepEqual(statuses, [401, 401, 401, 401, 401, 429, 429, 429]);
  assert.equal(wrong.find(({ status }) => status === 429)?.headers["retry-after"], "60");
  assert.equal((await read(basic("operateer", PASSWORD))).status, 429);
  assert.equal((await read(bearer("ts_wrong"))).status, 429);
  assert.equal((await logIn(port, { code: "wrong" })).answer.status, 429);
  // Who has shown before that they know a secret is not locked out by others' guesses.
  assert.equal((await read(bearer(tokens.view))).status, 200);
  assert.equal((await read(basic("viewer", PASSWORD))).status, 200);
  time.passed += 61_000;
  assert.equal((await read(basic("operateer", PASSWORD))).status, 200);
});

test("a client that begins with many requests at once is not taken for one who guesses", {
  timeout,
}, async (t) => {
  const { port } = await secured(t, { users: true });
  const read = () => ask(port, { path: "/camera/gain", headers: basic("viewer", PASSWORD) });
  const answers = await Promise.all(Array.from({ length: 20 }, read));
  assert.deepEqual(new Set(answers.map(({ status }) => status)), new Set([200]));
});

test("a name that is not there takes as long as a wrong password", { timeout }, async (t) => {
  const { port } = await secured(t, { users: "real" });
  const timeOf = async (user: string) => {
    const start = performance.now();
    await ask(port, { path: "/camera/gain", headers: basic(user, "wrong") });
    return performance.now() - start;
  };
  await timeOf("viewer");
  const [known, unknown] = [await timeOf("viewer"), await timeOf("nobody")];
  assert.ok(unknown > known / 3 && known > unknown / 3, `${known} ms, ${unknown} ms`);
});

test("what is no Authorization header is refused as one", { timeout }, async (t) => {
  const { port, tokens, time } = await secured(t);
  for (const Authorization of [
    "",
    "Basic",
    "Basic !!!",
    `Basic ${Buffer.from("no colon").toString("base64")}`,
    `Bearer ${tokens.view} ${tokens.view}`,
    `Bearer ${tokens.view.slice(0, -1)}`,
    `Digest ${tokens.view}`,
    tokens.view,
    `Bearer ${"x".repeat(4000)}`,
  ]) {
    const answer = await ask(port, { path: "/camera/gain", headers: { Authorization } });
    assert.equal(answer.status, 401, Authorization.slice(0, 80));
    time.passed += 61_000;
  }
});

test("two command lines at once lose nothing", { timeout }, async (t) => {
  const { folder } = await secured(t);
  const names = Array.from({ length: 6 }, (_, n) => `t${n}`);
  await Promise.all(
    names.map((name) => createToken(new AccountsFile(folder), { role: "view", days: 1, name })),
  );
  const { data } = await new AccountsFile(folder).open();
  for (const name of names) assert.ok(data.tokens[name], name);
});

test("a file of accounts that cannot be read lets nobody in, and keeps those who are in", {
  timeout,
}, async (t) => {
  const { port, folder, tokens } = await secured(t);
  await writeFile(join(folder, "accounts.json"), '{"key": 1}');
  await assert.rejects(new AccountsFile(folder).open(), { code: "BAD_CONFIG" });
  assert.equal((await ask(port, { path: "/", headers: bearer("ts_x") })).status, 401);
  const read = await ask(port, { path: "/camera/gain", headers: bearer(tokens.view) });
  assert.equal(read.status, 200);
});

test("ending all sessions leaves tokens as they are", { timeout }, async (t) => {
  const { port, folder, tokens } = await secured(t);
  const { cookie } = await logIn(port, { token: tokens.view });
  await endSessions(new AccountsFile(folder));
  await becomes(401, () => ask(port, { path: "/camera/gain", headers: { Cookie: cookie } }));
  const read = await ask(port, { path: "/camera/gain", headers: bearer(tokens.view) });
  assert.equal(read.status, 200);
});
