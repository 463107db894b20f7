import assert from "node:assert/strict";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { WebSocket, WebSocketServer } from "ws";
import { FramesSocket } from "../../src/client/frames-socket.ts";
import type { SocketFrame } from "../../src/client/socket-frames.ts";
import { MJPEGStream } from "../../src/streams/mjpeg-stream.ts";
import { faultProxy } from "../faults/fault-proxy.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { patience, TEST_MS } from "../limits.ts";
import { serveStream } from "../streams/stream-server.ts";
import { eventually } from "../streams/watching.ts";

const timeout = TEST_MS;
/** Browsers have it, and Node from version 22 on. */
Object.assign(globalThis, { WebSocket });

/** A client of the page's kind, and what it hears of one stream. */
function following(t: TestContext, port: number) {
  const heard = { frames: [] as SocketFrame[], problems: [] as string[], lost: 0, versions: 0 };
  const socket = new FramesSocket(`ws://127.0.0.1:${port}/frames`, {
    onVersion: () => heard.versions++,
  });
  t.after(() => socket.close());
  const leave = socket.follow("camera/live", {
    onFrame: (frame) => void heard.frames.push(frame),
    onProblem: (sentence) => heard.problems.push(sentence),
    onConnected: (isConnected) => {
      if (!isConnected) heard.lost += 1;
    },
  });
  return { heard, socket, leave };
}

test("a frame that takes longer than the server may be silent comes all the same, and stays whole", {
  timeout,
}, async (t) => {
  const stream = new MJPEGStream();
  const { port } = await serveStream(t, stream);
  const proxy = await faultProxy(t, port);
  const { heard } = following(t, proxy.port);
  await eventually(() => stream.demand.count === 1);
  const [large, small] = [await jpegOf(2400, 1800, { quality: 95 }), await jpegOf(64, 48)];
  proxy.bytesPerSecond = large.length / 4;
  stream.addFrame(large);
  await eventually(() => heard.frames.length === 1);
  assert.deepEqual(Buffer.from(heard.frames[0]!.jpeg), Buffer.from(large));
  proxy.bytesPerSecond = undefined;
  stream.addFrame(small);
  await eventually(() => heard.frames.length === 2);
  assert.deepEqual(Buffer.from(heard.frames[1]!.jpeg), Buffer.from(small));
  assert.deepEqual([heard.lost, heard.versions], [0, 1]);
});

/** A server that says what a test says. */
async function sayingServer(t: TestContext) {
  const server = new WebSocketServer({ host: "127.0.0.1", port: 0 });
  t.after(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  await once(server, "listening");
  return { server, port: (server.address() as AddressInfo).port };
}

const messageOf = (head: string, ...bytes: number[]) => {
  const length = Buffer.alloc(4);
  length.writeUInt32LE(head.length);
  return Buffer.concat([length, Buffer.from(head), Buffer.from(bytes)]);
};

test("a server that says nonsense is not believed, and the next frame is shown", {
  timeout,
}, async (t) => {
  const { server, port } = await sayingServer(t);
  const { heard } = following(t, port);
  const [peer] = await once(server, "connection", { signal: patience() });
  const acknowledged: number[] = [];
  peer.on("message", (data: Buffer, isBinary: boolean) => {
    if (isBinary) acknowledged.push(data.readUInt32LE());
  });
  for (const text of ["", "[]", "null", "{", '{"id":1,"problem":{}}', '{"id":{},"status":[]}'])
    peer.send(text);
  for (const bytes of [
    Buffer.alloc(0),
    Buffer.from([255, 255, 255, 255, 1]),
    messageOf("not JSON", 1),
    messageOf('{"id":2,"index":1}', 1),
    messageOf('{"id":1,"size":1e300}', 1),
    messageOf('{"id":1,"size":8.5}', 1),
    messageOf('{"id":1,"from":100}', 1),
    messageOf('{"id":1,"size":4}', 1, 2),
    messageOf('{"id":1,"from":1}', 9),
    messageOf('{"id":1,"from":2}', 9, 9, 9),
  ])
    peer.send(bytes);
  peer.send(messageOf('{"id":1,"index":7,"size":4}', 1, 2));
  peer.send(messageOf('{"id":3,"index":1,"size":4}', 5)); // another's, between
  peer.send(messageOf('{"id":1,"from":2}', 3));
  peer.send(messageOf('{"id":1,"from":3}', 4));
  await eventually(() => heard.frames.length === 1 && acknowledged.length === 1);
  const [{ index, jpeg }] = heard.frames as [SocketFrame];
  assert.deepEqual([index, [...jpeg]], [7, [1, 2, 3, 4]]);
  assert.deepEqual(heard.problems, ["The server does not give this stream, and does not say why."]);
  assert.deepEqual([heard.lost, acknowledged], [0, [1]]);
});
