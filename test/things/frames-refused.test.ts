import assert from "node:assert/strict";
import { once } from "node:events";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { ThingHost, ThingServer } from "thingscope";
import { FramesCamera } from "thingscope/things";
import WebSocket from "ws";
import { TEST_MS } from "../limits.ts";
import { numberIn, picture } from "../streams/pictures.ts";
import { folderFor } from "./recorder-server.ts";

const timeout = TEST_MS;

async function served(t: TestContext) {
  const camera = new FramesCamera();
  const host = new ThingHost({ settingsFolder: await folderFor(t) });
  host.add("door", camera);
  const server = new ThingServer(host);
  t.after(() => server.close());
  const { url, port } = await server.listen({ port: 0 });
  const seen: number[] = [];
  camera.mjpeg_stream.onFrame(({ jpeg }) => seen.push(numberIn(jpeg)));
  return { camera, url: `${url}/door`, port, seen };
}

test("what had no picture is told what it was: a PNG, half a JPEG, text, a form without a file", {
  timeout,
}, async (t) => {
  const { camera, url, port, seen } = await served(t);
  const png = Buffer.from([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0, 13]);
  const sent = async (body: ReadableStream | FormData | Buffer) => {
    const init = { method: "PUT", body, duplex: "half" } as const;
    const answer = await fetch(`${url}/frames?takeover=1`, init);
    return [answer.status, ((await answer.json()) as { detail: string }).detail] as const;
  };
  const chunked = (bytes: Uint8Array) => new Blob([Buffer.from(bytes)]).stream();
  const form = (value: string | Blob) => {
    const data = new FormData();
    data.append("image", value);
    return data;
  };
  for (const [body, why] of [
    [chunked(png), "it begins with 89 50 4E 47 instead of FF D8"],
    [chunked(picture(1).subarray(0, 200)), "it is cut off before its end marker"],
    [form(new Blob([png], { type: "image/png" })), "only parts of the media type image/jpeg"],
    [form("1"), "it begins with 31 instead of FF D8"],
  ] as const) {
    const [status, detail] = await sent(body);
    assert.equal(status, 422);
    assert.ok(detail.includes(why), detail);
  }
  for (const [message, why] of [
    [Buffer.from(picture(1)).toString("base64"), /^Text must be JSON, .* as binary messages\.$/],
    [png, /it begins with 89 50 4E 47 instead of FF D8\. Send JPEG files\.$/],
  ] as const) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/door/frames_socket?takeover=1`);
    await once(socket, "open");
    socket.send("ping"); // some keep a connection alive like that
    socket.send(message);
    const [code, reason] = await once(socket, "close");
    assert.equal(code, 1008);
    assert.match(String(reason), why);
  }
  assert.equal((await sent(Buffer.from(picture(5))))[0], 200);
  assert.deepEqual(seen, [5]);
  assert.equal(camera.state.state, "streaming");
});

test("a body without a length is told that it needs one, though its method is known", {
  timeout,
}, async (t) => {
  const { port } = await served(t);
  const socket = connect(port, "127.0.0.1");
  const head = `PUT /door/frames HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\n\r\n`;
  socket.write(Buffer.concat([Buffer.from(head), picture(1)]));
  let answer = "";
  socket.on("data", (data) => {
    answer += data;
  });
  await once(socket, "close");
  assert.match(answer, /and a body with its Content-Length, or chunked\./);
  assert.doesNotMatch(answer, /does not support/);
});
