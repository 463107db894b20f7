import assert from "node:assert/strict";
import { test } from "node:test";
import { ThingClient } from "thingscope/client";
import { Mirror, ServerOrigin } from "../../../src/adapters/mirror/index.ts";
import { hopsOf, MOST_HOPS, whyNotMirrored } from "../../../src/adapters/mirror/mirror-path.ts";
import { TEST_MS, WAIT_MS } from "../../limits.ts";
import { picture } from "../../streams/pictures.ts";
import { eventually, Watcher } from "../../streams/watching.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { liveOf, Microscope, mirrorOf, origin } from "./origins.ts";

const timeout = TEST_MS;
const LIVE = "/microscope/live";

test("a mirror of a mirror pulls a stream once, only while somebody watches, and its frames keep identity, times and gaps", {
  timeout,
}, async (t) => {
  const microscope = new Microscope();
  const source = await origin(t, { microscope });
  const near = await mirrorOf(t, source.url);
  const far = await mirrorOf(t, near.url);
  assert.deepEqual([microscope.live.demand.count, liveOf(near).demand.count], [0, 0]);

  const watchers = Array.from(
    { length: 20 },
    (_, n) => new Watcher(n < 10 ? near.port : far.port, LIVE),
  );
  await eventually(() => microscope.live.viewers.count === 1 && liveOf(near).viewers.count === 11);
  await eventually(() => liveOf(far).viewers.count === 10);
  const sent: number[] = [];
  for (let n = 0; n < 5; n++) {
    sent.push(microscope.live.addFrame(picture(n)).capturedAt);
    await Promise.all(watchers.map((one) => one.until(() => one.parts.length > n)));
  }
  assert.equal(microscope.live.stats.sentFrames, 5);
  const { run } = microscope.live;
  for (const { parts } of watchers) {
    const origins = parts.map(({ headers }) => headers.get("x-origin"));
    const times = sent.map((ms) => (ms / 1000).toFixed(6));
    const expected = times.map(
      (time, n) =>
        `stream=${encodeURIComponent(source.url + LIVE)};run=${run};index=${n};timestamp=${time}`,
    );
    assert.deepEqual(origins, expected);
    // All clocks are one here, so a frame is as old at the last mirror as at the origin.
    assert.deepEqual(
      parts.map(({ headers }) => headers.get("x-timestamp")),
      times,
    );
    assert.deepEqual(
      parts.map(({ jpeg }) => jpeg),
      sent.map((_, n) => Buffer.from(picture(n))),
    );
  }
  for (const watcher of watchers) watcher.socket.destroy();
  await eventually(() => microscope.live.viewers.count === 0);
});

test("values, events, actions and refusals pass a mirror as they are, and what is followed is asked for once", {
  timeout,
}, async (t) => {
  const microscope = new Microscope();
  const source = await origin(t, { microscope });
  const { url, server, log } = await mirrorOf(t, source.url, { passesCommands: true });
  const there = await ThingClient.connect(`${source.url}/microscope/`);
  const here = await ThingClient.connect(`${url}/microscope/`);
  for (const kind of ["properties", "actions", "events"] as const)
    assert.deepEqual(
      Object.keys(here.td[kind] as object).sort(),
      Object.keys(there.td[kind] as object).sort(),
    );
  assert.deepEqual([here.title, here.td["@type"]], ["Microscope", "Camera"]);
  assert.deepEqual(here.td.mirrorOf, [{ id: there.td.id, href: `${source.url}/microscope/` }]);

  const heard: unknown[] = [];
  const end = new AbortController();
  t.after(() => end.abort());
  const following = here.follow(
    {
      onProperty: (name, value) => void heard.push([name, value]),
      onEvent: (name, data) => void heard.push([name, data]),
    },
    end.signal,
  );
  const isHeard = (...what: unknown[]) =>
    eventually(() => heard.some((one) => JSON.stringify(one) === JSON.stringify(what)));
  await isHeard("gain", 1);
  await here.write("gain", 5);
  assert.equal(microscope.gain, 5);
  await isHeard("gain", 5);
  assert.equal(await here.invoke("move", { x: 3 }), 3);
  await isHeard("moved", { x: 3 });
  end.abort();
  await following;

  const { asked } = microscope;
  assert.equal(await here.read("temperature"), 20 + asked + 1); // nobody tells of it: it is asked for
  await assert.rejects(here.write("gain", 11), { code: "INVALID_INPUT" });
  await assert.rejects(here.invoke("move", { x: -1 }), {
    message: "The stage is at its end. Move it to the right.",
  });
  const captured = here.invoke("capture");
  await eventually(() => microscope.live.demand.active);
  microscope.live.addFrame(picture(7));
  const blob = (await captured) as { bytes(): Promise<Uint8Array> };
  assert.deepEqual(Buffer.from(await blob.bytes()), Buffer.from(picture(7)));
  await source.server.close();
  await log.line(/Its values are not followed: /, { withinMs: WAIT_MS });
  await assert.rejects(here.read("gain"), { code: "DISCONNECTED", message: /cannot be reached/ });
  const { state, trouble } = server.host.get("microscope");
  assert.match(`${state}: ${trouble}`, /^open: Its values are not followed: .* cannot be reached/);
});

test("a mirror that does not pass commands on says so in its description and refuses them", {
  timeout,
}, async (t) => {
  const microscope = new Microscope();
  const { url } = await mirrorOf(t, (await origin(t, { microscope })).url);
  const here = await ThingClient.connect(`${url}/microscope/`);
  assert.deepEqual(here.td.actions, {});
  assert.equal(await here.read("gain"), 1);
  const answer = await fetch(`${url}/microscope/gain`, {
    method: "PUT",
    headers: { "Content-Type": "application/json" },
    body: "5",
  });
  assert.deepEqual([answer.status, microscope.gain], [405, 1]);
});

test("viewers stay while the origin is away, are told why, and see it again with what it has now", {
  timeout,
}, async (t) => {
  const first = new Microscope();
  const settings = await temporaryFolder(); // by which it is known again
  const source = await origin(t, { microscope: first }, { settings });
  const { port } = source;
  const copy = await mirrorOf(t, source.url);
  const watcher = new Watcher(copy.port, LIVE);
  await eventually(() => first.live.viewers.count === 1);
  first.live.addFrame(picture(1));
  await watcher.until(() => watcher.parts.length === 1);
  await source.server.close();
  await watcher.until(() => watcher.parts.some(({ headers }) => headers.has("x-placeholder")));
  const told = watcher.parts.findLast(({ headers }) => headers.has("x-placeholder"));
  assert.match(
    told?.headers.get("x-placeholder") ?? "",
    /127\.0\.0\.1:\d+\/microscope\/live (cannot be|ended|broke)/,
  );

  const second = new Microscope();
  await origin(t, { microscope: second, other: new Microscope() }, { port, settings });
  await eventually(() => second.live.viewers.count === 1);
  second.live.addFrame(picture(2));
  await watcher.until(
    () => watcher.parts.at(-1)?.headers.get("x-origin")?.includes(second.live.run) ?? false,
  );
  assert.equal(watcher.closed, false);
  await eventually(() => copy.server.host.things.get("other")?.state === "open");
  watcher.socket.destroy();
});

test("a loop of mirrors is found by the ids of Things, and ends nothing but itself", {
  timeout,
}, async (t) => {
  const source = await origin(t, { microscope: new Microscope() });
  const near = await mirrorOf(t, source.url);
  const far = await mirrorOf(t, near.url, { things: { own: new Microscope() } });
  // The server of the first mirrors the second, too.
  const back = new Mirror(new ServerOrigin(far.url), near.server, {
    ...{ pictures: {}, maxViewers: 10, passesCommands: false, log: near.log.log },
  });
  t.after(() => back.close());
  back.start();
  const isRefused = (thing: string) =>
    new RegExp(
      `^'${thing}' of the origin is not mirrored: it is a mirror of a Thing of this server: the mirrors form a loop`,
    );
  await near.log.line(isRefused("microscope"), { withinMs: WAIT_MS });
  await eventually(() => near.server.host.things.get("own")?.state === "open");
  await far.log.line(isRefused("own"), { withinMs: WAIT_MS });
  for (const { server } of [near, far])
    assert.deepEqual([...server.host.things.keys()].sort(), ["microscope", "own"]);
  const { td } = await ThingClient.connect(`${near.url}/own/`);
  assert.equal((td.mirrorOf as unknown[]).length, 1);
});

test("a Thing behind eight mirrors, or whose path cannot be read, is not mirrored", () => {
  const path = (hops: number) =>
    Array.from({ length: hops }, (_, n) => ({ id: `urn:${n}`, href: `http://${n}/` }));
  const own = new Set<string>();
  const td = { id: "urn:last", mirrorOf: path(MOST_HOPS - 1) };
  assert.equal(whyNotMirrored(hopsOf(td, "http://last/"), own), undefined);
  assert.match(
    whyNotMirrored(hopsOf({ ...td, mirrorOf: path(MOST_HOPS) }, "http://last/"), own) ?? "",
    /^is behind 8 mirrors already/,
  );
  for (const mirrorOf of [
    "x",
    [1],
    [{ id: 1, href: "x" }],
    [{ id: "x".repeat(5000), href: "x" }],
    path(1000),
  ])
    assert.match(
      whyNotMirrored(hopsOf({ ...td, mirrorOf }, "http://last/"), own) ?? "",
      /cannot be read$/,
    );
});
