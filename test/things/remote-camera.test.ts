import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { delay, MJPEGStream, ThingHost } from "thingscope";
import { RemoteCamera } from "../../things/index.ts";
import { numberIn, picture } from "../outputs/pictures.ts";

const timeout = 20_000;

async function served(): Promise<{ stream: MJPEGStream; url: string } & AsyncDisposable> {
  const stream = new MJPEGStream();
  const server = createServer((request, response) => stream.mjpegStreamResponse(request, response));
  await once(server.listen(0, "127.0.0.1"), "listening");
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/live`;
  return {
    stream,
    url,
    async [Symbol.asyncDispose]() {
      stream.stop();
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("a remote camera asks for its stream when it is watched, and its frames say where they come from", {
  timeout,
}, async () => {
  await using remote = await served();
  const camera = new RemoteCamera({ url: remote.url });
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", camera);
  await host.open();
  await delay(50);
  assert.equal(remote.stream.demand.count, 0);
  const grabbed = camera.mjpeg_stream.grab();
  while (remote.stream.demand.count === 0) await delay(5);
  remote.stream.addFrame(picture(5));
  const frame = await grabbed;
  assert.equal(numberIn(frame.jpeg), 5);
  assert.deepEqual(
    [frame.origin?.stream, frame.origin?.run, frame.origin?.index],
    [remote.url, remote.stream.run, 0],
  );
  assert.equal(camera.url, remote.url);
  await host.close();
  while (remote.stream.demand.count > 0) await delay(5);
});

test("a server that is not there is the reason why the camera has failed", {
  timeout,
}, async () => {
  const camera = new RemoteCamera({ url: "http://127.0.0.1:1/live", keep_warm: true });
  const host = new ThingHost({ settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")) });
  host.add("camera", camera);
  await host.open();
  while (camera.state.state !== "failed") await delay(5);
  assert.match(
    camera.state.reason ?? "",
    /^http:\/\/127.0.0.1:1\/live is not there: nothing listens on port 1\.$/,
  );
  await host.close();
});
