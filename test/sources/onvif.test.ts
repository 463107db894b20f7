import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:http";
import { test } from "node:test";
import { OnvifDevice } from "../../src/sources/onvif.ts";
import { jpegOf } from "../frames/jpegs.ts";
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

test("the snapshot is the device's own picture, by its host and login; a device without one offers none", {
  timeout,
}, async (t) => {
  const snapshot = await jpegOf(320, 240);
  const { url } = await onvifDevice(t, { login: LOGIN, snapshot });
  const still = await new OnvifDevice(url, LOGIN).snapshot(patience());
  assert.deepEqual([still?.width, still?.height], [320, 240]);
  assert.deepEqual(Buffer.from(still!.jpeg), Buffer.from(snapshot));
  assert.equal(await new OnvifDevice((await onvifDevice(t)).url).snapshot(patience()), undefined);
  const broken = await onvifDevice(t, { snapshot: Buffer.from("no picture") });
  await assert.rejects(new OnvifDevice(broken.url).snapshot(patience()), {
    code: "SOURCE_FAILED",
    message: /snapshot\.jpg answered with no JPEG/,
  });
});

test("a head that turns is moved, stopped and sent to its presets, and refuses in its own words", {
  timeout,
}, async (t) => {
  assert.equal(await new OnvifDevice((await onvifDevice(t)).url).ptz(patience()), undefined);
  const { url, head } = await onvifDevice(t, { login: LOGIN, aheadMs: 7_200_000, hasPtz: true });
  const ptz = await new OnvifDevice(url, LOGIN).ptz(patience());
  assert.ok(ptz);
  assert.deepEqual(ptz.presets, [{ token: "1", name: "Door & gate" }]);
  await ptz.turn({ pan: -0.5 }, 2, patience());
  await ptz.moveTo({ pan: 0.1, tilt: 0.2, zoom: 0.3 }, patience());
  await ptz.goTo(ptz.presets[0]!, patience());
  await ptz.keep("Bench", patience());
  await ptz.stop(patience());
  assert.deepEqual(head.told, [
    'ContinuousMove x="-0.5" y="0" PT2S',
    'AbsoluteMove x="0.1" y="0.2" x="0.3"',
    "GotoPreset <PresetToken>1",
    "SetPreset <PresetName>Bench",
    "Stop",
  ]);
  assert.deepEqual(
    ptz.presets.map(({ name }) => name),
    ["Door & gate", "Bench"],
  );
  assert.deepEqual(await ptz.position(patience()), { pan: 0.25, tilt: -0.5, zoom: 0.1 });
  await assert.rejects(ptz.moveTo({ pan: 1 }, patience()), {
    code: "SOURCE_FAILED",
    message: /refused it: The requested position is out of bounds\./,
  });
});
