import assert from "node:assert/strict";
import { test } from "node:test";
import { litRoom } from "../../conformance/lamp.ts";
import { TEST_MS } from "../../limits.ts";
import { picture } from "../../streams/pictures.ts";
import { type Answer, ask } from "../requests.ts";

const options = { timeout: TEST_MS };

/** Where an answer's link to the next notification points. */
function nextPath(path: string, { headers }: Answer): string {
  const [, target] = /^<([^>]+)>; rel="next"$/.exec(String(headers.link)) ?? [];
  assert.ok(target, `There is no link in: ${headers.link}`);
  const { pathname, search } = new URL(target, `http://localhost${path}`);
  return pathname + search;
}

test(
  "a client that follows the links loses nothing, in whatever bursts it comes",
  options,
  async (t) => {
    const { lamp, port } = await litRoom(t);
    let path = "/lamp/level/next";
    path = nextPath(path, await ask(port, { method: "HEAD", path }));
    const seen: number[] = [];
    for (let level = 1; level <= 60; level++) {
      lamp.level = level;
      if (level % 20 !== 0) continue; // asks once for twenty
      while (seen.length < level) {
        const answer = await ask(port, { path });
        seen.push(JSON.parse(answer.text));
        path = nextPath(path, answer);
      }
    }
    assert.deepEqual(
      seen,
      Array.from({ length: 60 }, (_, n) => n + 1),
    );
    const nothing = await ask(port, { path: `${path}&wait=0` });
    assert.deepEqual([nothing.status, nothing.text], [204, ""]);
    lamp.level = 99;
    assert.equal((await ask(port, { path: nextPath(path, nothing) })).text, "99");
  },
);

test(
  "a client that follows no link is told at once what came since its last answer",
  options,
  async (t) => {
    const { lamp, port } = await litRoom(t);
    const path = "/lamp/overheated/next";
    const headers = { "user-agent": "node-wot" };
    assert.equal((await ask(port, { path: `${path}?wait=0`, headers })).status, 204);
    for (const degrees of [80, 90]) lamp.overheated.emit(degrees);
    assert.equal((await ask(port, { path, headers })).text, "80");
    assert.equal((await ask(port, { path, headers })).text, "90");
    assert.equal((await ask(port, { path: `${path}?wait=0`, headers })).status, 204);
    const stranger = await ask(port, { path: `${path}?wait=0`, headers: { "user-agent": "curl" } });
    assert.equal(stranger.status, 204);
  },
);

test("a waiting client is answered by the next value; HEAD never waits", options, async (t) => {
  const { lamp, port } = await litRoom(t);
  const path = "/lamp/level/next";
  assert.equal((await ask(port, { method: "HEAD", path })).status, 200);
  let answer: Answer | undefined;
  const waiting = ask(port, { path }).then((given) => {
    answer = given;
  });
  for (let level = 1; answer === undefined; level = (level + 1) % 100) {
    lamp.level = level;
    await new Promise((resolve) => setImmediate(resolve));
  }
  await waiting;
  assert.equal(answer.status, 200);
});

test(
  "what is no longer held is told as a gap, and the oldest held comes next",
  options,
  async (t) => {
    const { lamp, port } = await litRoom(t);
    const path = "/lamp/overheated/next";
    const start = nextPath(path, await ask(port, { method: "HEAD", path }));
    await ask(port, { path: `${path}?wait=0` });
    for (let degrees = 0; degrees < 1005; degrees++) lamp.overheated.emit(degrees);
    const answer = await ask(port, { path: start });
    assert.deepEqual([answer.text, answer.headers["x-gap"]], ["5", "true"]);
    assert.equal((await ask(port, { path: nextPath(path, answer) })).headers["x-gap"], undefined);
    for (const query of ["after=never", "wait=26", "wait=soon"]) {
      assert.equal((await ask(port, { path: `${path}?${query}` })).status, 400, query);
    }
  },
);

test(
  "new frames of a stream are told by long polling too, and the wait ends with the stream",
  options,
  async (t) => {
    const { lamp, port } = await litRoom(t);
    const path = "/lamp/live_new_frame/next";
    const start = nextPath(path, await ask(port, { method: "HEAD", path }));
    await ask(port, { path: `${path}?wait=0` });
    const jpeg = picture(1);
    for (let n = 0; n < 3; n++) lamp.live.addFrame(jpeg);
    const first = await ask(port, { path: start });
    assert.deepEqual([JSON.parse(first.text).index, JSON.parse(first.text).size], [0, jpeg.length]);
    const second = await ask(port, { path: nextPath(path, first) });
    assert.equal(JSON.parse(second.text).index, 1);
    lamp.live.stop();
    assert.equal(
      (await ask(port, { path: "/lamp/live_new_frame/next", headers: { "user-agent": "x" } }))
        .status,
      503,
    );
  },
);
