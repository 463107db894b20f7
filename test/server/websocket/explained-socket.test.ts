import assert from "node:assert/strict";
import { once } from "node:events";
import { type TestContext, test } from "node:test";
import { ThingHost, ThingServer } from "thingscope";
import { FramesCamera } from "thingscope/things";
import WebSocket from "ws";
import { closeReason } from "../../../src/server/websocket/explained-socket.ts";
import { TEST_MS } from "../../limits.ts";
import { folderFor } from "../../things/recorder-server.ts";

const timeout = TEST_MS;

async function served(t: TestContext) {
  const camera = new FramesCamera({ max_frame_bytes: 5000 });
  const host = new ThingHost({ settingsFolder: await folderFor(t) });
  host.add("door", camera);
  const server = new ThingServer(host);
  t.after(() => server.close());
  return { camera, ...(await server.listen({ port: 0 })) };
}

test("a WebSocket that is closed for what was sent says why: too large a picture, no text, half a character of a name", {
  timeout,
}, async (t) => {
  const { camera, port, url } = await served(t);
  const closed = async (path: string, send: (socket: WebSocket) => void) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/door/${path}`);
    await once(socket, "open");
    send(socket);
    const [code, why] = await once(socket, "close");
    return [code, String(why)] as const;
  };
  const most = (bytes: number) =>
    `A message has more than ${bytes} bytes, the most that is accepted here. Send smaller ones.`;
  const send = (bytes: number) => (socket: WebSocket) => socket.send(new Uint8Array(bytes));
  assert.deepEqual(await closed("frames_socket", send(5001)), [1009, most(5000)]);
  assert.deepEqual(await closed("ws", send(70_000)), [1009, most(65_536)]);
  const broken = (socket: WebSocket) => socket.send(Buffer.from([0xff, 0xfe]), { binary: false });
  const [code, why] = await closed("frames_socket?takeover=1", broken);
  assert.equal(code, 1007);
  assert.match(why, /is not UTF-8\. Send pictures/);
  const metrics = await (await fetch(new URL("/metrics", url))).text();
  assert.match(metrics, /limit_hits_total\{limit="websocket_messages"\} 2$/m);
  assert.equal(camera.mjpeg_stream.stats.added, 0);
  assert.equal(closeReason(`${"x".repeat(122)}ü`).toString(), "x".repeat(122));
});
