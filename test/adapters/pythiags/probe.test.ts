import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { json } from "node:stream/consumers";
import { type TestContext, test } from "node:test";
import {
  Camera,
  delay,
  type Frame,
  type FrameSource,
  logTo,
  now,
  ThingHost,
  ThingServer,
} from "thingscope";
import { decodeLuma } from "thingscope/frames";
import { LogFileWriter, Probe } from "thingscope/pythiags";
import { ignoreAbort } from "../../../src/base/abort.ts";
import type { LogLevel } from "../../../src/base/log.ts";
import { Elapsed } from "../../elapsed.ts";
import { jpegOf } from "../../frames/jpegs.ts";
import { TEST_MS as timeout } from "../../limits.ts";

const jpeg = await jpegOf(32, 24);

/** The same picture 50 times a second. */
class StillCamera extends Camera {
  protected override source(): FrameSource {
    return {
      async *frames(signal) {
        for (; !signal.aborted; await delay(20, signal).catch(ignoreAbort)) {
          yield { jpeg, capturedAt: now() };
        }
      },
    };
  }
}

/** A camera, and a probe at it, in a host. */
async function hosted(t: TestContext, probe: Probe) {
  const lines: { level: LogLevel; line: string }[] = [];
  const log = logTo((level, line) => lines.push({ level, line }));
  const folder = await mkdtemp(join(tmpdir(), "thingscope-probe-"));
  const host = new ThingHost({ settingsFolder: folder, log });
  host.add("camera", new StillCamera());
  host.add("probe", probe, { slots: { camera: "camera" } });
  await host.open();
  t.after(() => host.close());
  return { host, lines, folder };
}

async function until(isSo: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setTimeout(resolve, 10));
}

const everyFifth = ({ index }: Frame) => (index % 5 === 0 ? [{ kind: "fifth", index }] : []);

test("a Probe tells clients, the log, a file and an address of the same", {
  timeout,
}, async (t) => {
  const posted: { index: number; events: unknown[] }[] = [];
  const url = await listen(
    t,
    createServer(async (request, response) => {
      posted.push((await json(request)) as (typeof posted)[number]);
      response.writeHead(204).end();
    }),
  );
  const file = join(await mkdtemp(join(tmpdir(), "thingscope-probe-")), "found.jsonl");
  const probe = new Probe({ producer: everyFifth, file, url, log: true });
  const heard: { index: number; camera: string; run: string; events: readonly unknown[] }[] = [];
  probe.detections.on((data) => heard.push(data));
  const { lines } = await hosted(t, probe);
  await until(() => posted.length >= 3);
  const linesOfFile = async () => (await readFile(file, "utf8").catch(() => "")).trim().split("\n");
  await until(async () => (await linesOfFile()).length >= 3);
  assert.deepEqual(
    heard.slice(0, 3).map(({ index }) => index),
    [0, 5, 10],
  );
  assert.deepEqual(heard[1]!.events, [{ kind: "fifth", index: 5 }]);
  assert.deepEqual(posted[1], heard[1]);
  const { events, ...of } = heard[1]!;
  assert.deepEqual(JSON.parse((await linesOfFile())[1]!), { ...of, event: events[0] });
  const logged = lines.filter(({ level }) => level === "info").map(({ line }) => line);
  assert.ok(logged.some((line) => line.endsWith('found in frame 5: [{"kind":"fifth","index":5}]')));
});

test("an address that fails, or hangs, is told and counted, and keeps nothing else back", {
  timeout,
}, async (t) => {
  const broken = await listen(
    t,
    createServer((_, response) => response.writeHead(500).end("no")),
  );
  const probe = new Probe({ producer: everyFifth, url: broken });
  let heard = 0;
  probe.detections.on(() => heard++);
  const { lines } = await hosted(t, probe);
  await until(() => probe.counts.untold >= 2);
  assert.ok(heard >= 2);
  const warnings = lines.filter(({ level }) => level === "warn").map(({ line }) => line);
  assert.equal(warnings.length, 1);
  assert.match(
    warnings[0]!,
    /The address of 'probe' failed: http:\/\/127\.0\.0\.1:\d+ answered 500\./,
  );

  const silent = await listen(
    t,
    createServer(() => {}),
  );
  const waiting = new Probe({ producer: () => [1], url: silent, queue: 2, patience_s: 0.2 });
  const { host } = await hosted(t, waiting);
  await until(() => waiting.counts.untold >= 4);
  assert.equal(waiting.counts.dropped, 0, "its own consumer takes all");
  const started = new Elapsed();
  await host.close();
  assert.ok(started.ms < 5000);
});

test("an address that redirects is told of, and where it points to is not called", {
  timeout,
}, async (t) => {
  let called = 0;
  const target = await listen(
    t,
    createServer((_, response) => {
      called++;
      response.end();
    }),
  );
  const redirecting = createServer((_, response) =>
    response.writeHead(307, { Location: target }).end(),
  );
  const probe = new Probe({ producer: everyFifth, url: await listen(t, redirecting) });
  const { lines } = await hosted(t, probe);
  await until(() => probe.counts.untold >= 2);
  assert.equal(called, 0);
  assert.ok(lines.some(({ line }) => /answered 307\./.test(line)));
});

test("a subclass looks at pixels in the background, and tells what it finds there", {
  timeout,
}, async (t) => {
  class Bright extends Probe {
    protected override produce(frame: Frame): Frame[] {
      return [frame];
    }
    protected override async consume(...[frames, of]: Parameters<Probe["consume"]>) {
      for (const frame of frames as Frame[]) {
        const { data } = await decodeLuma(frame.jpeg);
        const mean = data.reduce((sum, one) => sum + one, 0) / data.length;
        this.tell([{ mean: Math.round(mean) }], of);
      }
    }
  }
  const probe = new Bright();
  const { host } = await hosted(t, probe);
  const server = new ThingServer(host);
  const { url } = await server.listen({ port: 0 });
  t.after(() => server.close());
  const response = await fetch(`${url}/probe/detections`, {
    headers: { Accept: "text/event-stream" },
  });
  let text = "";
  for await (const chunk of response.body!) {
    text += Buffer.from(chunk).toString();
    if (/"mean":\d+/.test(text)) break;
  }
  assert.match(text, /"camera":"camera","run":"\w+","index":\d+/);
  const counts = (await (await fetch(`${url}/probe/counts`)).json()) as { consumed: number };
  assert.ok(counts.consumed > 0);
});

test("what is too much to tell, or is no JSON, is told of and counted, and nobody gets it", {
  timeout,
}, async (t) => {
  const found = [() => ["x".repeat(100_000)], () => [1n]];
  for (const [n, sentence] of [
    /100004 characters of JSON, but at most 100000/,
    /BigInt/,
  ].entries()) {
    const probe = new Probe({ producer: found[n]! });
    probe.detections.on(() => assert.fail("it was told"));
    const { lines, host } = await hosted(t, probe);
    await until(() => probe.counts.failed >= 2);
    assert.ok(lines.some(({ line }) => sentence.test(line)));
    await host.close();
  }
});

test("a Probe that is not active lets its camera rest, and counts on when it is again", {
  timeout,
}, async (t) => {
  const probe = new Probe({ producer: everyFifth });
  await hosted(t, probe);
  await until(() => probe.counts.frames >= 5);
  probe.active = false;
  assert.equal(probe.camera.mjpeg_stream.demand.count, 0);
  await until(() => probe.counts.frames >= 5);
  const { frames } = probe.counts;
  probe.active = true;
  await until(() => probe.counts.frames > frames);
});

test("LogFileWriter writes pythiags' lines, begins a new file in time, and tells what the disk says", async () => {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-probe-"));
  const path = join(folder, "events.log");
  const of = {
    camera: "c",
    run: "r",
    index: 0,
    capturedAt: 0,
    signal: new AbortController().signal,
  };
  await writeFile(path, '{"before":1}\n');
  const writer = new LogFileWriter(path, { maxBytes: 40 });
  await writer.incoming([{ a: 1 }, "two"], of);
  assert.equal(await readFile(path, "utf8"), '{"before":1}\n{"a":1}\n"two"\n');
  await writer.incoming([{ longer: "than what is left" }], of);
  assert.equal(await readFile(path, "utf8"), '{"longer":"than what is left"}\n');
  assert.equal(await readFile(`${path}.1`, "utf8"), '{"before":1}\n{"a":1}\n"two"\n');
  const nowhere = new LogFileWriter(join(folder, "none", "x.log"));
  await assert.rejects(nowhere.incoming([1], of), /ENOENT/);
});

async function listen(t: TestContext, server: Server): Promise<string> {
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/events`;
}
