// What `thingscope cameras` prints is pasted as a configuration, and each camera in it has a picture.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { MJPEGStream, stream, Thing, ThingHost, ThingServer } from "thingscope";
import { camerasAsText } from "../../src/cli/cameras.ts";
import type { FoundCamera } from "../../src/discovery/found-camera.ts";
import { listGenicam } from "../../src/discovery/network/genicam-list.ts";
import { matchesIn } from "../../src/discovery/network/onvif-probe.ts";
import { browseServers } from "../../src/discovery/network/thingscope-servers.ts";
import { folderWith, serveCli } from "../cli/run-cli.ts";
import { patience, TEST_MS } from "../limits.ts";
import { OddRtspServer } from "../sources/odd-rtsp-server.ts";
import { onvifDevice } from "../sources/onvif-device.ts";
import { picture } from "../streams/pictures.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { asOrdinaryUser, fakeCamera } from "./aravis-fake.ts";

const LOOPBACK = "127.0.0.1";

/** Asks until there is one: what was just started may not answer yet. */
async function found(
  search: (limit: AbortSignal) => Promise<readonly FoundCamera[]>,
): Promise<FoundCamera> {
  const limit = patience();
  for (;;) {
    limit.throwIfAborted();
    const [camera] = await search(limit);
    if (camera) return camera;
  }
}

class Eye extends Thing {
  @stream("Live view") readonly live = new MJPEGStream();
}

async function ofAnotherServer(t: TestContext): Promise<FoundCamera> {
  const host = new ThingHost({ settingsFolder: await temporaryFolder() });
  const eye = new Eye();
  host.add("eye", eye);
  const server = new ThingServer(host, { mdns: LOOPBACK });
  const timer = setInterval(() => eye.live.addFrame(picture(1)), 100);
  t.after(async () => {
    clearInterval(timer);
    await server.close();
  });
  const { port } = await server.listen({ port: 0 });
  return found(async (signal) => {
    const { cameras } = await browseServers({ ms: 1000, signal }, LOOPBACK);
    return cameras.filter(({ address }) => new URL(address).port === String(port));
  });
}

/** What an ONVIF camera answers to a search. */
async function byOnvif(t: TestContext): Promise<FoundCamera> {
  const { port } = await OddRtspServer.start(t);
  const { url } = await onvifDevice(t, { rtsp: { port, path: "/cam" } });
  const answer = `<e:Envelope><e:Body><d:ProbeMatches><d:ProbeMatch>
    <a:EndpointReference><a:Address>urn:uuid:1</a:Address></a:EndpointReference>
    <d:Types>dn:NetworkVideoTransmitter</d:Types><d:Scopes>onvif://www.onvif.org/name/Hall%20Door</d:Scopes>
    <d:XAddrs>${url}</d:XAddrs></d:ProbeMatch></d:ProbeMatches></e:Body></e:Envelope>`;
  const [camera] = matchesIn(answer, LOOPBACK);
  assert.ok(camera);
  return camera;
}

test("the configuration that 'thingscope cameras' prints has a picture of each camera", {
  timeout: TEST_MS,
}, async (t) => {
  await asOrdinaryUser(t);
  fakeCamera(t);
  const cameras = await Promise.all([
    found(async () => (await listGenicam({ ms: 5000 })).cameras),
    byOnvif(t),
    ofAnotherServer(t),
  ]);
  const lines = camerasAsText([{ what: "All", cameras }]);
  const pasted = lines.slice(lines.indexOf("Configuration:") + 1).join("\n");
  const folder = await folderWith({ "thingscope.yaml": pasted });
  const { url } = await serveCli(t, folder, "thingscope.yaml");
  const names = [...pasted.matchAll(/^ {2}([\w-]+):$/gm)].map(([, name]) => name);
  assert.equal(names.length, cameras.length, pasted);
  await Promise.all(
    names.map(async (name) => {
      const answer = await fetch(`${url}/${name}/mjpeg_stream/snapshot?wait=60`);
      const body = Buffer.from(await answer.arrayBuffer());
      assert.equal(answer.status, 200, `${name}: ${body.subarray(0, 500)}`);
      assert.equal(body.readUInt16BE(0), 0xffd8, name);
    }),
  );
});
