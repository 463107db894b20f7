import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Camera, type FrameSource, type Thing, ThingHost } from "thingscope";
import { PyStreamingCamera, PyStreamingServer, Receiver, Worker } from "thingscope/pystreaming";
import { dumps } from "../../../src/adapters/pystreaming/pickle-writer.ts";
import { TEST_MS } from "../../limits.ts";
import { picture } from "../../streams/pictures.ts";
import { again, socketOf, started, take, until } from "./peers.ts";

const timeout = TEST_MS;
const LOOPBACK = "tcp://127.0.0.1:*";

/** A camera that runs when frames are wanted, 100 a second. */
class Numbered extends Camera {
  runs = 0;

  protected override source(): FrameSource {
    const begin = () => this.runs++;
    return {
      async *frames(signal) {
        begin();
        for (let n = 0; !signal.aborted; n++) {
          yield { jpeg: picture(n) };
          await new Promise((resolve) => setTimeout(resolve, 10));
        }
      },
    };
  }
}

async function hosted(
  t: TestContext,
  things: Readonly<Record<string, Thing>>,
  slots: Readonly<Record<string, string>> = {},
): Promise<ThingHost> {
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  for (const [name, thing] of Object.entries(things)) {
    const camera = slots[name];
    host.add(name, thing, camera ? { slots: { camera } } : {});
  }
  await host.open();
  t.after(() => host.close());
  return host;
}

test("a PyStreamingServer sends each frame of its camera, untouched, with its time and who it is; while somebody is there", {
  timeout,
}, async (t) => {
  const camera = new Numbered();
  const server = new PyStreamingServer({ endpoint: LOOPBACK });
  await hosted(t, { camera, server }, { server: "camera" });
  await new Promise((resolve) => setTimeout(resolve, 30));
  assert.equal(camera.runs, 0, "nobody is there");
  const receiver = await started(t, new Receiver(server.endpoint));
  const held = new Map<number, { jpeg: Uint8Array; capturedAt: number }>();
  camera.mjpeg_stream.onFrame((frame) => held.set(frame.index, frame));
  const packets = await take(20, receiver.handler);
  assert.equal(server.clients, 1);
  for (const { buf, meta, ftime } of packets) {
    const { stream, run, index } = Object(meta);
    assert.deepEqual([stream, run], ["camera/mjpeg_stream", camera.mjpeg_stream.run]);
    const frame = held.get(index)!;
    assert.deepEqual(new Uint8Array(buf), new Uint8Array(frame.jpeg));
    assert.equal(ftime, frame.capturedAt / 1000);
  }
  const numbers = packets.map(({ fno }) => fno);
  assert.deepEqual(
    numbers,
    numbers.toSorted((a, b) => a - b),
  );
  const gaps = numbers.at(-1)! - numbers[0]! - 19;
  const { missing, skipped } = receiver.counts; // where this process had no processor for a while
  assert.ok(
    gaps <= missing + skipped,
    `${gaps} did not come, ${missing} missing, ${skipped} skipped`,
  );
  assert.ok(server.frames_sent >= 20);
  await receiver.stop();
  await until("the server has seen it go", () => server.clients === 0);
  await until("nobody wants frames", () => !camera.mjpeg_stream.demand.active);
});

test("mode distribute deals the frames out to Workers, and a camera in mode collect shows what they say", {
  timeout,
}, async (t) => {
  const camera = new Numbered();
  const server = new PyStreamingServer({
    endpoint: LOOPBACK,
    mode: "distribute",
    tracks: ["none", "b"],
  });
  const endpoint = `ipc://${join(await mkdtemp(join(tmpdir(), "thingscope-")), "drain")}`;
  const collected = new PyStreamingCamera({
    endpoint,
    mode: "collect",
    buffer_s: 1,
    keep_warm: true,
  });
  await hosted(t, { camera, server, collected }, { server: "camera" });
  const workers = [0, 1].map(() => new Worker(server.endpoint, endpoint, { patienceMs: 1000 }));
  for (const [name, worker] of workers.entries()) {
    await started(t, worker);
    void (async () => {
      for await (const packet of worker.handler) {
        packet.meta = { ...Object(packet.meta), name, big: 2n ** 70n };
        await worker.send(packet);
      }
    })();
  }
  const indices: number[] = [];
  for await (const { jpeg, origin } of collected.mjpeg_stream.frames()) {
    assert.equal(origin!.stream, "camera/mjpeg_stream");
    assert.equal(Number(Buffer.from(jpeg.subarray(6, 14)).toString()), origin!.index);
    indices.push(origin!.index);
    if (indices.length === 40) break;
  }
  assert.deepEqual(
    indices,
    indices.toSorted((a, b) => a - b),
    "in order, after the buffer",
  );
  const { big, run } = Object(collected.meta);
  assert.deepEqual([big, run], ["1180591620717411303424", camera.mjpeg_stream.run]);
  assert.equal(collected.refused, 0);
  const [none, other] = server.tracks;
  assert.deepEqual([none!.name, other!.name], ["none", "b"]);
  assert.ok(none!.sent >= 40);
  await until("the other track overflows", () => server.tracks[1]!.overwritten > 0);
  assert.ok(server.frames_overwritten > 0);
});

test("a camera whose Streamer is there no more says so, and goes on when it is there again", {
  timeout,
}, async (t) => {
  const camera = new Numbered();
  const server = new PyStreamingServer({ endpoint: LOOPBACK });
  const host = await hosted(t, { camera, server }, { server: "camera" });
  const { endpoint } = server;
  const seen = new PyStreamingCamera({ endpoint });
  await hosted(t, { seen });
  const numbers: number[] = [];
  seen.mjpeg_stream.onFrame(({ origin }) => numbers.push(origin!.index));
  const release = seen.mjpeg_stream.demand.take();
  await until("many have come", () => numbers.length > 100);
  await host.close();
  const last = numbers.at(-1)!;
  const before = numbers.length;
  const again = new PyStreamingServer({ endpoint });
  await hosted(t, { camera: new Numbered(), again }, { again: "camera" });
  await until("frames come again", () => numbers.length > before + 5);
  assert.ok(numbers[before]! < last, "also those with numbers that came before");
  release();
});

test("what a Streamer's numbers say was lost stands before the frame that came next", {
  timeout,
}, async (t) => {
  const publisher = socketOf(t, (zmq) => new zmq.Publisher({ linger: 0 }));
  await publisher.bind(LOOPBACK);
  const camera = new PyStreamingCamera({ endpoint: publisher.lastEndpoint!, keep_warm: true });
  await hosted(t, { camera });
  let fno = 0;
  again(t, 10, () => {
    fno += fno % 10 === 4 ? 3 : 1; // 5 and 6 of each ten are never sent
    return publisher.send([picture(fno), "N.", dumps(Date.now() / 1000), dumps(fno)]);
  });
  for await (const { lossesBefore, origin } of camera.mjpeg_stream.frames()) {
    assert.notEqual(origin!.index % 10, 5);
    if (origin!.index % 10 !== 7 || !lossesBefore) continue;
    const [loss] = lossesBefore;
    assert.deepEqual([loss!.what, loss!.count], ["lost", 2]);
    assert.ok(camera.mjpeg_stream.stats.lostBySource >= 2);
    break;
  }
});

test("options that cannot be are told before anything is opened", { timeout }, () => {
  const server = (options: object) => () => new PyStreamingServer(options);
  const camera = (options: object) => () =>
    new PyStreamingCamera({ endpoint: LOOPBACK, ...options });
  const cases: [() => unknown, RegExp][] = [
    [server({ endpoint: "tcp://0.0.0.0:5555" }), /has no login: on '0\.0\.0\.0'.*insecure: true/],
    [server({ endpoint: "tcp://*:5555" }), /has no login/],
    [
      server({ endpoint: 5555 }),
      /^A PyStreamingServer cannot be created with these options: 'endpoint' /,
    ],
    [server({ endpoint: "5555" }), /'5555' is not an endpoint/],
    [server({ mode: "push" }), /'mode' should be .*pub.*distribute.*push/],
    [server({ tracks: "none" }), /'tracks' /],
    [server({ tracks: [] }), /'tracks' /],
    [server({ port: 5555 }), /'port'/],
    [camera({ mode: "distribute" }), /'mode' should be .*pub.*collect/],
    [camera({ mode: "collect", endpoint: "tcp://*:1" }), /has no login/],
    [camera({ buffer_s: -1 }), /'buffer_s' /],
    [camera({ endpoint: "http://x" }), /is not an endpoint/],
  ];
  for (const [make, message] of cases) assert.throws(make, { code: "BAD_ARGUMENT", message });
  assert.doesNotThrow(server({ endpoint: "tcp://0.0.0.0:5555", insecure: true }));
  assert.doesNotThrow(
    camera({ endpoint: "tcp://camera.example:5555" }),
    "going out needs no leave",
  );
});
