import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import * as pystreaming from "thingscope/pystreaming";
import { again, type Cleared, socketOf, started } from "../adapters/pystreaming/peers.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { assertNamesIn, type Row, rowsFrom, run } from "./coming-from.ts";

const { Receiver, Streamer, Worker } = pystreaming;
const timeout = TEST_MS;
const LOOPBACK = "tcp://127.0.0.1:*";
const rows = rowsFrom("pystreaming");

/** Every public name of the seed's text, and those that pystreaming exports beside them. */
const NAMES = [
  ...["buffer", "display", "dispfps", "recv", "send", "BGR", "write", "n", "flags"],
  ...["Receiver", "Streamer", "Worker", "handler", "start", "stop", "testcard", "animated"],
  ...[
    "endpoint",
    "nproc",
    "mapreduce",
    "tracks",
    "source",
    "drain",
    "track",
    "reqthread",
    "decproc",
  ],
  ...["socket", "fno", "ftime", "meta", "arr", "buf", "KeyboardInterrupt", "loadimage"],
  ...["TEST_S", "TEST_M", "TEST_L", "IMAG_S", "IMAG_M", "IMAG_L"],
];

test("every public name of pystreaming has a row", () => {
  assert.ok(rows.length >= 20, `${rows.length}`);
  assertNamesIn(rows, NAMES);
});

for (const { wrote, now } of rows) {
  test(`instead of ${wrote.replaceAll("\n", "; ")}: ${now.replaceAll("\n", "; ")}`, {
    timeout,
  }, async (t) => {
    const tried = await run(runnable(now), await scopeFor(t, { wrote, now }));
    const made = Object.values(Object(tried)).filter((part) => hasStop(part));
    for (const part of made) await part.stop();
  });
}

/** In a block, so that it may declare what is in scope already. What a row makes is found by its name, to be stopped. */
function runnable(lines: string): string {
  const [, name = ""] = /^const (\w+) =/.exec(lines) ?? [];
  const imported = lines.replace('import("thingscope/pystreaming")', "pystreaming");
  return `{ ${imported}\n;return { ${name} } }`;
}

/** What the lines of a row take for granted: what came before them, made new for each. */
async function scopeFor(t: TestContext, { now }: Row): Promise<Record<string, unknown>> {
  const signal = AbortSignal.timeout(150);
  const frame = { data: new Uint8Array(48 * 64 * 3), width: 64, height: 48, channels: 3 };
  const scope: Record<string, unknown> = {
    ...pystreaming,
    ...{ pystreaming, endpoint: LOOPBACK, source: LOOPBACK.replace("*", "1"), signal, frame },
    ...{ drain: LOOPBACK.replace("*", "1"), buf: picture(1), print: () => {}, show: () => {} },
    look: (arr: object, buf: Uint8Array) => ({
      pixels: Object.keys(arr).length,
      bytes: buf.length,
    }),
  };
  const data = new pystreaming.Packet({ buf: picture(1), meta: null, ftime: 0, fno: 0 });
  if (/display\(data/.test(now)) scope.data = data;
  if (/^const \w+ = new Streamer\("tcp:\/\/\*/.test(now)) return scope;
  if (/\bstream\./.test(now)) scope.stream = await streamerFor(t, now);
  if (/\breceiver\./.test(now)) scope.receiver = await receiverFor(t, now);
  if (/\bworker\./.test(now)) scope.worker = await workerFor(t, now);
  if (/video\.handler/.test(now)) {
    scope.video = await receiverFor(t, "handler");
    scope.audio = await receiverFor(t, "handler");
  }
  if (/\bsocket\b/.test(now)) Object.assign(scope, await socketsFor(t));
  if (/display\(/.test(now)) scope.display = quietDisplay(t);
  return scope;
}

async function streamerFor(t: Cleared, now: string) {
  const streamer = new Streamer(LOOPBACK);
  t.after(() => streamer.stop());
  if (!/start\(/.test(now)) await streamer.start();
  return now.includes("send(frame") || !now.includes("start(") ? started(t, streamer) : streamer;
}

/** One to which frames come; not started where the row does that. */
async function receiverFor(t: Cleared, now: string) {
  if (/start\(/.test(now)) return new Receiver(LOOPBACK, { mapreduce: true });
  const receiver = await started(t, new Receiver(LOOPBACK, { mapreduce: true }));
  const worker = await started(t, new Worker("tcp://127.0.0.1:1", receiver.endpoint));
  let fno = 0;
  again(t, 10, () =>
    worker.send({ buf: picture(fno), meta: null, ftime: Date.now() / 1000, fno: fno++ }),
  );
  return receiver;
}

async function workerFor(t: Cleared, now: string) {
  if (/start\(/.test(now)) return new Worker("tcp://127.0.0.1:1", "tcp://127.0.0.1:1");
  const streamer = await started(t, new Streamer(LOOPBACK, { mapreduce: true }));
  await streamer.send(picture(1));
  return started(t, new Worker(streamer.endpoint, "tcp://127.0.0.1:1"));
}

/** A socket to send with, and another that has a message to receive. */
async function socketsFor(t: Cleared) {
  const other = socketOf(t, (zmq) => new zmq.Pull());
  await other.bind(LOOPBACK);
  const socket = socketOf(t, (zmq) => new zmq.Push({ linger: 0 }));
  socket.connect(other.lastEndpoint!);
  await pystreaming.send({ socket, fno: 0, ftime: 0, meta: null, buf: picture(1) });
  return { socket, other };
}

/** `display`, which says nothing, and whose page is taken away when the test is over. */
function quietDisplay(t: Cleared) {
  const over = new AbortController();
  t.after(() => over.abort());
  return (frame: Parameters<typeof pystreaming.display>[0], options = {}) =>
    pystreaming.display(frame, { signal: over.signal, onOpen: () => {}, ...options });
}

function hasStop(part: unknown): part is { stop(): Promise<void> } {
  return typeof part === "object" && part !== null && "stop" in part;
}
