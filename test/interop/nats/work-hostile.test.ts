import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { logTo } from "thingscope";
import { verifyTickets } from "thingscope/work";
import { TokenAddresses } from "../../../src/adapters/nats/work/token-addresses.ts";
import { packagePath } from "../../../src/base/package-root.ts";
import { createToken } from "../../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../../src/server/access/login/accounts-file.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { python } from "../programs.ts";
import { sharedNats } from "./nats-server.ts";
import { managerFor, type QueueOptions, queueFor, STREAM, workerFor } from "./queue.ts";

const timeout = TEST_MS;
const TICKETS = "thingscope.lab.one.work.spots.tickets";
const FORGED = [
  "NaN",
  "",
  "[]",
  "{}",
  '{"run":"x","index":0,"captured_at":0,"url":"file:///etc/passwd"}',
  '{"run":"x","index":0,"captured_at":0,"url":"data:image/jpeg,x"}',
];

/** What a worker says of a ticket that names the address of a stranger. */
const NOT_SENT =
  /queue 'spots' names http:\/\/(?:127\.0\.0\.1:1@)?127\.0\.0\.1:\d+, which is no address of 'one' \(http:.*\): the token is not sent there, and the message is removed\. If .*'origins'/;

/** A queue whose server has a login, and a token for it. */
async function securedQueue(t: TestContext, url: string, options: QueueOptions = {}) {
  const loginFolder = await temporaryFolder();
  const { token } = await createToken(new AccountsFile(loginFolder), { role: "view", days: 1 });
  return { served: await queueFor(t, url, { ...options, loginFolder }), token };
}

test("a worker's result that is none or too large fails its ticket, and messages that are no tickets are removed", {
  timeout,
}, async (t) => {
  const { url } = await sharedNats();
  const served = await queueFor(t, url, { deadline_s: 16.1, silence_s: 1.001 }); // which are no whole nanoseconds
  const { connection, manager } = await managerFor(t, url);
  for (const text of FORGED) connection.publish(TICKETS, text);
  await connection.flush();
  const whys: string[] = [];
  served.queue.not_done.on(({ why }) => whys.push(why));
  served.add(8);
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const circular: Record<string, unknown> = {};
  circular.self = circular;
  const deep = JSON.parse(`${"[".repeat(101)}${"]".repeat(101)}`);
  const results = [
    "x".repeat(10_000_000),
    1n,
    circular,
    undefined,
    undefined,
    Number.NaN,
    deep,
    "\ud800",
  ];
  const handle = ({ index }: { index: number }) => {
    if (index === 3) throw new Error("x".repeat(2_000_000));
    return results[index];
  };
  const worker = workerFor(t, url, handle, { name: "wörker", log });
  await served.ended(8);
  assert.match(whys[0] ?? "", /^The result has 10000002 characters as JSON\. 65536 are the most/);
  assert.match(whys[1] ?? "", /^The result cannot be JSON: .*BigInt/);
  assert.match(whys[2] ?? "", /^The result cannot be JSON: .*circular/);
  assert.equal(whys[3], "x".repeat(1000));
  assert.match(whys[4] ?? "", /^Objects and lists stand in the result more than 100 deep\. Report/);
  assert.deepEqual([served.queue.sums.failed, served.queue.sums.done], [5, 3]);
  assert.match(await readFile(served.queue.ledger, "utf8"), /"result":"\ufffd"/, "DuckDB reads it");
  assert.equal(worker.counts.refused, FORGED.length);
  assert.ok(lines.every((line) => /^A message of queue 'spots' is not a ticket \(/.test(line)));
  for (const signal = patience(); ; signal.throwIfAborted())
    if ((await manager.streams.info(STREAM)).state.messages === 0) break;
});

test("a worker in Python outlives what its handler raises, reports what is no JSON as failed, removes what is no ticket, and keeps its token from strangers", {
  timeout,
}, async (t) => {
  const { url, served, token, stranger } = await baitedQueue(t, FORGED);
  const whys: string[] = [];
  served.queue.not_done.on(({ why }) => whys.push(why));
  served.add(11);
  const script = packagePath("test", "interop", "nats", "hostile_worker.py");
  const child = spawn(python(), [script, url, token], {
    env: { ...process.env, PYTHONPATH: packagePath("clients", "python", "src") },
    stdio: ["ignore", "inherit", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  let said = "";
  child.stderr.on("data", (text) => {
    said += text;
  });
  await served.ended(11);
  assert.match(whys[0] ?? "", /^The result has 10000002 characters as JSON\. 65536 are the most/);
  assert.match(whys[1] ?? "", /^ValueError: Out of range float values are not JSON compliant/);
  assert.match(whys[2] ?? "", /^TypeError: .*not JSON serializable/);
  assert.match(whys[3] ?? "", /^ValueError: x{980,}$/);
  assert.deepEqual(whys.slice(4), [
    "StopIteration: ",
    "CancelledError: ",
    "SystemExit: 2",
    "Wordless: it cannot be written as text",
    "CancelledError: ",
  ]);
  assert.deepEqual([served.queue.sums.failed, served.queue.sums.done], [9, 2]);
  assert.equal(said.match(/is not a ticket/g)?.length, FORGED.length, said);
  assert.match(said, NOT_SENT);
  assert.deepEqual(stranger.asked, []);
  assert.match(await readFile(served.queue.ledger, "utf8"), /"worker":"wörker","result":null/);
});

test("a worker without a token gives its ticket back, and tickets that end their workers are failed", {
  timeout,
}, async (t) => {
  const { url } = await sharedNats();
  const { served, token } = await securedQueue(t, url);
  served.add(1);
  const refused = new Promise<string>((resolve) => {
    const log = logTo((_, line) => resolve(line));
    workerFor(t, url, () => 1, { name: "stranger", log });
  });
  assert.match(await refused, /'stranger' gets no tickets: .*Give it a 'token' of an account/);
  const picture = `${served.url}/spots/frame/${served.stream.run}/0`;
  const { manager } = await managerFor(t, url);
  const ticket = Object(
    (await manager.streams.getMessage(STREAM, { last_by_subj: TICKETS }))?.json(),
  );
  assert.ok(ticket.url.startsWith(`${picture}?key=`));
  const headers = { authorization: `Bearer ${token}` };
  const ask = async (name?: string, at = ticket.url) =>
    (await fetch(at, { headers: { ...headers, ...(name && { worker: name }) } })).status;
  for (let n = 0; n < 7; n++) assert.equal(await ask(), 200, "who only looks");
  for (let n = 0; n < 7; n++) assert.equal(await ask("x", picture), 200, "who had no ticket");
  for (const name of ["a", "b", "a", "c", "d"]) assert.equal(await ask(name), 200);
  assert.equal(await ask("e"), 410);
  assert.deepEqual([served.queue.sums.failed, served.queue.sums.open], [1, 0]);
  assert.match(
    await readFile(served.queue.ledger, "utf8"),
    /"why":"5 workers took it \(a, b, c, d\), and none has reported/,
  );
  assert.ok((await verifyTickets(served.queue.ledger)).ok);
});

/** A server of a stranger, which may redirect, what it was asked with, and tickets of it, which want the token of whoever takes them. */
async function strangerFor(t: TestContext, redirect?: { location: string }) {
  const asked: unknown[] = [];
  const server = createServer(({ headers }, response) => {
    asked.push(headers);
    response.writeHead(redirect ? 302 : 200, redirect);
    response.end("thank you");
  });
  t.after(() => server.close());
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const origin = `http://127.0.0.1:${port}`;
  const baits = [origin, `http://127.0.0.1:1@127.0.0.1:${port}`].map((root) =>
    JSON.stringify({ run: "x", index: 0, captured_at: 0, url: `${root}/spots/frame/x/0` }),
  );
  return { origin, asked, baits };
}

test("workers follow no redirect of an address that may have their token, and say so", {
  timeout,
}, async (t) => {
  const { url } = await sharedNats();
  const { served, token } = await securedQueue(t, url);
  const stranger = await strangerFor(t);
  const moved = await strangerFor(t, { location: `${stranger.origin}/spots/frame/x/0` });
  const { connection } = await managerFor(t, url);
  const redirects = new RegExp(
    `redirects to ${stranger.origin}, and redirects are not followed: .*'url' in its 'fleet'`,
  );
  for (const start of [inNode, inPython]) {
    connection.publish(TICKETS, moved.baits[0]);
    await connection.flush();
    const worker = start(t, url, token, moved.origin);
    const ended = served.queue.sums.done + 1;
    served.add(1);
    await served.ended(ended); // the other waits for its next turn
    assert.match(worker.said(), redirects);
    assert.equal(Object(moved.asked.at(-1)).authorization, `Bearer ${token}`);
    await worker.close();
  }
  assert.deepEqual(stranger.asked, []);
  const refused = inPython(t, url, token, "bench-1.lab");
  await refused.ended;
  assert.match(refused.said(), /ValueError: 'bench-1\.lab' in origins is not an address like/);
});

/** A worker with a token that may be sent to one more address. */
function inNode(t: TestContext, url: string, token: string, origin: string) {
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const worker = workerFor(t, url, () => 1, { token, origins: [origin], log });
  return { said: () => lines.join("\n"), close: () => worker.close() };
}

function inPython(t: TestContext, url: string, token: string, origin: string) {
  const script = packagePath("test", "interop", "nats", "worker.py");
  const child = spawn(python(), [script, url, token, origin], {
    env: { ...process.env, PYTHONPATH: packagePath("clients", "python", "src") },
    stdio: ["ignore", "ignore", "pipe"],
  });
  t.after(() => child.kill("SIGKILL"));
  const ended = once(child, "close");
  let text = "";
  child.stderr.on("data", (part) => {
    text += part;
  });
  const close = async () => {
    child.kill("SIGKILL");
    await ended;
  };
  return { said: () => text, close, ended };
}

/** A queue with a login, in which tickets name a stranger's address, behind these messages. */
async function baitedQueue(t: TestContext, before: readonly (string | Uint8Array)[] = []) {
  const { url } = await sharedNats();
  const { served, token } = await securedQueue(t, url);
  const { connection } = await managerFor(t, url);
  const stranger = await strangerFor(t);
  for (const text of [...before, ...stranger.baits]) connection.publish(TICKETS, text);
  await connection.flush();
  return { url, served, token, connection, stranger };
}

test("a worker sends its token to the server of its queue alone, and to the origins that it was given", {
  timeout,
}, async (t) => {
  const { url, served, token, connection, stranger } = await baitedQueue(t);
  const lines: string[] = [];
  const log = logTo((_, line) => lines.push(line));
  const worker = workerFor(t, url, () => 1, { token, log });
  served.add(2);
  await served.ended(2);
  assert.deepEqual([worker.counts.refused, served.queue.sums.done], [2, 2]);
  assert.match(lines.join("\n"), NOT_SENT);
  assert.deepEqual(stranger.asked, []);
  workerFor(t, url, () => 1, { token, origins: [stranger.origin], name: "trusting", log });
  await worker.close();
  connection.publish(TICKETS, stranger.baits[0]);
  for (const signal = patience(); stranger.asked.length === 0; signal.throwIfAborted())
    await new Promise((resolve) => setImmediate(resolve));
  assert.equal(Object(stranger.asked[0]).authorization, `Bearer ${token}`);
  assert.throws(
    () => workerFor(t, url, () => 1, { token, origins: ["bench-1.lab"] }),
    /'bench-1\.lab' in 'origins' of a worker is not an address\. Write it like/,
  );
});

test("a server that answers a worker's question for addresses with something else is told of, with what to do", {
  timeout,
}, async (t) => {
  const { url } = await sharedNats();
  const { connection } = await managerFor(t, url);
  const reports = "thingscope.lab.garbled.reports";
  const answers = ["NaN", "{", "[]", '{"addresses":"http://127.0.0.1"}'];
  connection.subscribe(reports, {
    callback: (_, message) => void message.respond(answers.shift()),
  });
  await connection.flush();
  const asked = { connection, reports, member: "one" };
  while (answers.length > 0)
    await assert.rejects(
      new TokenAddresses().allows("http://127.0.0.1:1/", asked, patience()),
      /^ThingError: The server 'one' does not say at which addresses .* in 'origins'\.$/,
    );
});
