import assert from "node:assert/strict";
import { test } from "node:test";
import { stream } from "../../src/core/decorators.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { Lamp, litRoom } from "../conformance/lamp.ts";
import { TEST_MS } from "../limits.ts";
import { picture } from "../streams/pictures.ts";
import { openEvents } from "./event-streams.ts";
import { type Answer, ask } from "./requests.ts";

const JSON_TYPE = { "Content-Type": "application/json" };
const EVENTS = { Accept: "text/event-stream" };

/** What somebody sends, and the status, code and sentence that answer it. */
type Row = readonly [
  what: string,
  request: { method?: string; path: string; headers?: Record<string, string>; body?: string },
  status: number,
  code: string,
  sentence: RegExp,
];

const put = (body: string, headers: Record<string, string> = JSON_TYPE) =>
  ({ method: "PUT", path: "/lamp/level", headers, body }) as const;
const post = (body: string, headers: Record<string, string> = JSON_TYPE) =>
  ({ method: "POST", path: "/lamp/add", headers, body }) as const;

const BAD: readonly Row[] = [
  ["half a JSON", put('{"a": 1'), 422, "INVALID_INPUT", /at character 7 there is the end/],
  ["no JSON at all", put("<a/>"), 422, "INVALID_INPUT", /not JSON: at character 0/],
  ["JSON of an action", post("{a:1}"), 422, "INVALID_INPUT", /not JSON: at character 1/],
  ["no body", put(""), 422, "INVALID_INPUT", /\S/],
  [
    "XML",
    put("<a/>", { "Content-Type": "text/xml" }),
    415,
    "UNSUPPORTED_MEDIA_TYPE",
    /'text\/xml'/,
  ],
  [
    "an action as a form",
    post("a=1&b=2", { "Content-Type": "application/x-www-form-urlencoded" }),
    415,
    "UNSUPPORTED_MEDIA_TYPE",
    /Send JSON/,
  ],
  [
    "an action without a type",
    post('{"a":1,"b":2}', {}),
    415,
    "UNSUPPORTED_MEDIA_TYPE",
    /Send JSON/,
  ],
  ["more than 1 MiB", put(`"${"x".repeat(2 ** 20)}"`), 413, "BODY_TOO_LARGE", /1048576 bytes/],
  ["JSON 100 levels deep", put("[".repeat(100)), 422, "INVALID_INPUT", /\S/],
  [
    "an unknown Last-Event-ID",
    { path: "/lamp/level", headers: { ...EVENTS, "Last-Event-ID": "x" } },
    400,
    "BAD_ARGUMENT",
    /^"x" is not the id of a notification/,
  ],
  [
    "an unknown Last-Event-ID of all properties",
    { path: "/lamp/properties", headers: { ...EVENTS, "Last-Event-ID": "-1" } },
    400,
    "BAD_ARGUMENT",
    /^"-1" is not the id of a notification/,
  ],
  [
    "an unknown id of a long poll",
    { path: "/lamp/level/next?after=x" },
    400,
    "BAD_ARGUMENT",
    /^"x" is not the id of a notification/,
  ],
  [
    "an unknown id of a frame",
    { path: "/lamp/live/sizes", headers: { "Last-Event-ID": "x" } },
    400,
    "BAD_ARGUMENT",
    /^"x" does not name a frame/,
  ],
  [
    "an invocation that never was",
    { method: "DELETE", path: "/action_invocations/x" },
    404,
    "NOT_FOUND",
    /There is no invocation x/,
  ],
];

test("bad input is answered with the right status and one sentence each, and loses nothing", {
  timeout: TEST_MS,
}, async (t) => {
  const { lamp, url, port } = await litRoom(t);
  const told = await openEvents(t, `${url}/lamp/level`);
  for (const [index, [what, request, status, code, sentence]] of BAD.entries()) {
    assertProblem(await ask(port, request), { status, code, sentence }, what);
    assert.equal(lamp.level, index, `${what} changed the lamp`);
    lamp.level = index + 1;
  }
  for (const [index, [what]] of BAD.entries()) {
    assert.equal((await told.next()).data, String(index + 1), `lost after ${what}`);
  }
});

test("a run that is cancelled twice is cancelled once; when it has ended, that is said", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, host } = await litRoom(t);
  const { text } = await ask(port, { method: "POST", path: "/lamp/fade", headers: JSON_TYPE });
  const request = { method: "DELETE", path: new URL(JSON.parse(text).href).pathname };
  const [first, second] = await Promise.all([ask(port, request), ask(port, request)]);
  assert.equal(first.status, 204);
  assert.ok([204, 503].includes(second.status)); // it may have ended between the two
  await Promise.all(host.invocations.list().map(({ ended }) => ended));
  assertProblem(
    await ask(port, request),
    { status: 503, code: "NOT_CANCELLABLE", sentence: /has ended already, as 'cancelled'\./ },
    "the third time",
  );
  const { status } = JSON.parse((await ask(port, { path: request.path })).text);
  assert.equal(status, "cancelled");
});

test("a Thing that could not open runs no action, gives no frames, says why, and does both once it is opened again", {
  timeout: TEST_MS,
}, async (t) => {
  class Unplugged extends Lamp {
    @stream("What it lights") readonly lit = new MJPEGStream();
    isPlugged = false;
    override open(): void {
      if (!this.isPlugged) throw new Error("The plug is out. Put it in.");
    }
  }
  const { host, port, lamp } = await litRoom(t, {}, { unplugged: Unplugged });
  const unplugged = host.things.get("unplugged")?.thing;
  assert.ok(unplugged instanceof Unplugged);
  const run = (action: string) =>
    ask(port, { method: "POST", path: `/unplugged/${action}`, headers: JSON_TYPE });
  for (const action of ["fade", "blink"]) {
    assertProblem(
      await run(action),
      { status: 503, code: "NOT_READY", sentence: /could not open: The plug is out\. Put it in\./ },
      action,
    );
  }
  for (const path of ["lit", "lit/snapshot", "lit/next", "lit/next_frame_size", "lit_frame"]) {
    const sentence =
      /cannot give frames: it could not open: The plug is out\. Put it in\. When that is fixed, open it again\./;
    const answer = await ask(port, { path: `/unplugged/${path}` });
    assertProblem(answer, { status: 503, code: "NOT_READY", sentence }, path);
  }
  const answer = JSON.parse((await ask(port, { path: "/unplugged/lit/state" })).text);
  const failed = { state: "failed", reason: "The plug is out. Put it in.", since: answer.since };
  assert.deepEqual(answer, failed);
  assert.ok(Math.abs(Date.parse(answer.since) - Date.now()) < 60_000);
  const retried = await ask(port, { method: "POST", path: "/unplugged/lit/retry" });
  assert.deepEqual(JSON.parse(retried.text), failed);
  const metrics = (await ask(port, { path: "/metrics" })).text;
  assert.match(
    metrics,
    /stream_fault\{thing="unplugged",.*reason="The plug is out\. Put it in\."\} 1/,
  );
  assert.equal((await ask(port, { method: "POST", path: "/lamp/blink" })).status, 204);
  assert.equal(lamp.level, 0);
  unplugged.isPlugged = true;
  const opened = await ask(port, { method: "POST", path: "/things/unplugged/open" });
  const { state, reason } = JSON.parse(opened.text);
  assert.deepEqual([state, reason], ["open", null]);
  assert.equal((await run("blink")).status, 204);
  unplugged.lit.addFrame(picture(1));
  assert.equal((await ask(port, { path: "/unplugged/lit/snapshot" })).status, 200);
});

function assertProblem(
  { status, headers, text }: Answer,
  expected: { status: number; code: string; sentence: RegExp },
  what: string,
): void {
  assert.equal(status, expected.status, `${what}: ${text}`);
  assert.equal(headers["content-type"], "application/problem+json", what);
  const problem = JSON.parse(text);
  assert.equal(problem.status, status, what);
  assert.equal(problem.code, expected.code, what);
  assert.match(problem.detail, expected.sentence, what);
  assert.match(problem.detail, /^[^\n]{10,400}[.?]$/, `${what} is told in a sentence`);
}
