import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { ThingHost, ThingServer } from "thingscope";
import { TestCamera } from "thingscope/things";
import type { ClientIo } from "../../src/cli/client-output.ts";
import { snapshot } from "../../src/cli/snapshot.ts";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { selfSigned } from "../../src/server/access/tls/self-signed.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { TEST_MS } from "../limits.ts";
import { serverFor } from "../server/requests.ts";
import { folderFor } from "../things/recorder-server.ts";
import { Terminal } from "./terminal.ts";

const timeout = TEST_MS;

/** What the command writes for this URL, and says. */
async function taken(url: string, folder: string, stream?: string, trust?: string) {
  const out = new Terminal();
  const io: ClientIo = { out, err: out, signal: new AbortController().signal, json: true };
  const output = join(folder, "picture.jpg");
  await writeFile(output, "");
  const target = { url, credentials: undefined };
  await snapshot(io, target, {
    output,
    wait: 10,
    ...(stream && { stream }),
    ...(trust && { trust }),
  });
  const { width, height } = inspectJpeg(await readFile(output));
  const told = JSON.parse(out.text);
  assert.deepEqual([told.width, told.height, told.file], [width, height, output]);
  return [width, height];
}

test("a picture comes from a Thing, with or without its slash or scheme, and from one of its streams", {
  timeout,
}, async (t) => {
  const folder = await folderFor(t);
  const host = new ThingHost({ settingsFolder: folder });
  host.add("camera", new TestCamera());
  const server = new ThingServer(host);
  t.after(() => server.close());
  const { url, port } = await server.listen({ port: 0 });
  for (const address of [
    `${url}/camera/`,
    `${url}/camera`,
    `127.0.0.1:${port}/camera/`,
    `${url}/camera/mjpeg_stream`,
    `${url}/camera/mjpeg_stream/snapshot`,
  ])
    assert.deepEqual(await taken(address, folder), [640, 480], address);
  assert.deepEqual(await taken(`${url}/camera/`, folder, "lores_mjpeg_stream"), [400, 300]);
  await assert.rejects(taken(`${url}/camera/`, folder, "lores_mjpeg_strem"), {
    message: /has no stream 'lores_mjpeg_strem'.*Did you mean 'lores_mjpeg_stream'\?$/,
  });
});

test("a picture comes from any server's stream or picture, with the login of its address", {
  timeout,
}, async (t) => {
  const jpeg = await jpegOf(64, 48);
  const { port } = await serverFor(t, ({ url, headers }, response) => {
    if (headers.authorization !== `Basic ${btoa("ann:p%")}`) {
      response.writeHead(401).end();
      return;
    }
    if (url?.startsWith("/still")) {
      response.writeHead(200, { "Content-Type": "image/jpeg" }).end(jpeg);
      return;
    }
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=here" });
    response.write(`--here\r\nContent-Length: ${jpeg.length}\r\n\r\n`);
    response.write(jpeg);
  });
  const folder = await folderFor(t);
  for (const path of ["still", "stream", "still/", "stream/"])
    assert.deepEqual(await taken(`http://ann:p%25@127.0.0.1:${port}/${path}`, folder), [64, 48]);
  await assert.rejects(taken(`http://127.0.0.1:${port}/stream`, folder), {
    message: /requires a login \(401\)/,
  });
});

test("an https server that nobody vouches for is taken with the fingerprint that its refusal names", {
  timeout,
}, async (t) => {
  const jpeg = await jpegOf(64, 48);
  const secure = await selfSigned({ names: ["127.0.0.1"], days: 1 });
  const server = createServer(secure, (_, response) => {
    response.writeHead(200, { "Content-Type": "image/jpeg" }).end(jpeg);
  }).listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const url = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const folder = await folderFor(t);
  for (const path of ["still", "still/"]) {
    const refusal = await taken(`${url}/${path}`, folder).catch((error: Error) => error.message);
    const [trust] = /(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/.exec(String(refusal)) ?? [];
    assert.deepEqual(await taken(`${url}/${path}`, folder, undefined, trust), [64, 48]);
  }
});

test("a camera that is not there is told with what to do", { timeout }, async (t) => {
  const folder = await folderFor(t);
  await assert.rejects(taken("http://127.0.0.1:1/stream", folder), {
    message:
      /cannot be reached: nothing listens on port 1\. Switch the camera on, or correct the address\.$/,
  });
  await assert.rejects(taken("usb-nosuch", folder), {
    code: "NOT_FOUND",
    message:
      /^There is no camera 'usb-nosuch'\. Give a URL, a device such as \/dev\/video0, or an id\./,
  });
});

test("a stream that says why it has no frames is asked once", { timeout }, async (t) => {
  const asked: (string | undefined)[] = [];
  const { port } = await serverFor(t, ({ url }, response) => {
    asked.push(url);
    response.writeHead(200, { "Content-Type": "multipart/x-mixed-replace; boundary=here" });
    response.write("--here\r\nX-Placeholder: It is unplugged.\r\nContent-Length: 1\r\n\r\n-\r\n");
    response.write("--here\r\n");
  });
  await assert.rejects(taken(`http://127.0.0.1:${port}/stream`, await folderFor(t)), {
    message: /has no frames: It is unplugged\.$/,
  });
  assert.deepEqual(asked, ["/stream"]);
});
