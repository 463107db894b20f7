import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { OnvifDevice } from "../../src/sources/onvif.ts";
import { patience, TEST_MS } from "../limits.ts";
import { onvifDevice } from "./onvif-device.ts";

const timeout = TEST_MS;
const LOGIN = { username: "viewer", password: 'p%<&>"é' };

test("the stream of a device behind a router is asked for, by the host that we know it by", {
  timeout,
}, async (t) => {
  const { url, host, calls } = await onvifDevice(t);
  const main = "rtsp://127.0.0.1:554/main?profile=Profile_1&unicast=true";
  assert.equal(await new OnvifDevice(url).streamUrl(patience()), main);
  assert.deepEqual(calls, [
    "GetSystemDateAndTime",
    "GetCapabilities",
    "GetProfiles",
    "GetStreamUri",
  ]);
  assert.equal(await new OnvifDevice(`onvif://${host}`).streamUrl(patience()), main);
  for (const wanted of ["Profile_2", "sub & small"])
    assert.match(await new OnvifDevice(url).streamUrl(patience(), wanted), /profile=Profile_2/);
  await assert.rejects(new OnvifDevice(url).streamUrl(patience(), "third"), {
    code: "SOURCE_FAILED",
    message: /has no profile 'third'. It has: mainStream \(1920x1080\), sub & small \(640x480\)\./,
  });
});

test("a login is accepted also by a device whose clock is wrong, and a wrong one is told", {
  timeout,
}, async (t) => {
  const { url } = await onvifDevice(t, { login: LOGIN, aheadMs: -3 * 3600_000 });
  assert.match(await new OnvifDevice(url, LOGIN).streamUrl(patience()), /^rtsp:/);
  const inUrl = `${LOGIN.username}:${encodeURIComponent(LOGIN.password)}@`;
  const address = url.replace("//", `//${inUrl}`);
  assert.match(await new OnvifDevice(address).streamUrl(patience()), /^rtsp:/);
  const refused = (device: OnvifDevice, message: RegExp) =>
    assert.rejects(device.streamUrl(patience()), { code: "SOURCE_FAILED", message });
  await refused(new OnvifDevice(url, { ...LOGIN, password: "other" }), /refuses this login/);
  await refused(new OnvifDevice(url), /requires a login/);
});

test("something else at that port, and nothing at all, are told apart", {
  timeout,
}, async (t) => {
  const other = createServer((_, response) => response.writeHead(404).end("Not here"));
  t.after(() => other.close());
  other.listen(0, "127.0.0.1");
  await once(other, "listening");
  const address = other.address();
  assert.ok(typeof address === "object" && address);
  const device = new OnvifDevice(`onvif://127.0.0.1:${address.port}`);
  await assert.rejects(device.streamUrl(patience()), {
    code: "SOURCE_FAILED",
    message: /answered 404 and nothing that is ONVIF/,
  });
  other.close();
  await once(other, "close");
  await assert.rejects(device.streamUrl(patience()), {
    code: "DISCONNECTED",
    message: /cannot be reached: .*ECONNREFUSED/,
  });
});
