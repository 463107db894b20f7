// RTSP servers that answer wrongly once a program reads from them. What DESCRIBE tells is in test/sources/rtsp-describe.test.ts.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { RtspCamera } from "../../things/index.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { patience, TEST_MS } from "../limits.ts";
import { needsLong } from "../needs.ts";
import { JPEG_VIDEO, OddRtspServer, SDP } from "../sources/odd-rtsp-server.ts";
import { onvifDevice } from "../sources/onvif-device.ts";
import { untilItHolds, watched } from "./cameras.ts";
import { childrenOf } from "./pipelines.ts";

const timeout = TEST_MS;
const { THINGSCOPE_LONG: isLong } = process.env;
const LOGIN = { username: "cam", password: 'p%41@ss:w/"rd' };
/** As it could be written somewhere: plain, or encoded for an address. */
const SECRET = /p%41|p%25|ss:w|ss%3A/;

interface Oddity {
  readonly odd: (server: OddRtspServer) => void;
  readonly says: RegExp;
}

const ODDITIES: Readonly<Record<string, Oddity>> = {
  "454 at PLAY": { odd: only("PLAY", "454 Session Not Found"), says: /ended the session \(454\)/ },
};
/** What is told after `start_ms` at the earliest. */
const SILENT: typeof ODDITIES = {
  "a close after PLAY": {
    odd: (server) => server.afterPlay((socket) => socket.destroy()),
    says: /closed the connection while it was playing/,
  },
  "silence at SETUP": { odd: only("SETUP", "silence"), says: /does not answer SETUP/ },
  "silence after PLAY": { odd: (server) => pauses(server), says: /play and sends nothing/ },
  "garbage after PLAY": {
    odd: (server) => {
      pauses(server);
      server.afterPlay((socket) => socket.write("x".repeat(100_000)));
    },
    says: /does not speak RTSP: it sends what is not RTSP/,
  },
  "an unknown codec": {
    odd: (server) => {
      server.sdp = `${SDP}m=video 0 RTP/AVP 99\r\na=rtpmap:99 X-ODD/90000\r\na=control:trackID=1\r\n`;
    },
    says: /sends data that no whole picture could be made of/,
  },
};

function only(method: string, answer: string) {
  return (server: OddRtspServer) => {
    server.answer = (request) => (request.method === method ? answer : undefined);
  };
}

function pauses(server: OddRtspServer): void {
  server.isPlaying = false;
}

/** The camera says it, keeps the password to itself, has pictures once the server answers as it should, and leaves nothing behind. */
async function tellsAndHeals(t: TestContext, { odd, says }: Oddity, program: string) {
  const server = await OddRtspServer.start(t);
  odd(server);
  const options = { ...LOGIN, url: server.url, start_ms: 10_000, program };
  const { bench, camera, frame, until } = await watched(t, RtspCamera, options);
  assert.match(await until("failed"), says);
  Object.assign(server, { answer: () => undefined, isPlaying: true, sdp: SDP + JPEG_VIDEO });
  server.afterPlay(() => {});
  assert.equal((await frame()).width, 64);
  const words = childrenOf().map((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1"));
  assert.doesNotMatch(words.join("\n"), SECRET);
  assert.doesNotMatch(JSON.stringify([bench.log.lines, camera.error_lines]), SECRET);
  await camera.close();
  await untilItHolds(() => assert.equal(server.sockets.size, 0));
}

for (const program of isLong ? ["gst-launch-1.0", "ffmpeg"] : ["gst-launch-1.0"])
  test(`${program}: what an RTSP server answers wrongly is told in its own words, and heals`, {
    timeout,
  }, async (t) => {
    const oddities = Object.values({ ...ODDITIES, ...(isLong && SILENT) });
    await Promise.all(oddities.map((oddity) => tellsAndHeals(t, oddity, program)));
    assert.deepEqual(childrenOf(), []);
  });

test("pictures whose datagrams are lost are counted", { timeout }, async (t) => {
  const server = await OddRtspServer.start(t);
  let lost = 0;
  server.loses = (picture, packet) => {
    const isLost = lost < 3 && picture % 10 === 7 && picture > 20 && packet === 1;
    lost += isLost ? 1 : 0;
    return isLost;
  };
  const options = { url: server.url, transport: "udp", program: "gst-launch-1.0" };
  const { camera, frame } = await watched(t, RtspCamera, options);
  await untilItHolds(async () => {
    await frame();
    assert.deepEqual([lost, camera.measurements.lost], [3, 3]);
  });
});

test("a server that nothing comes from by UDP is told", { ...needsLong(), timeout }, async (t) => {
  const server = await OddRtspServer.start(t);
  server.loses = () => true;
  const options = { url: server.url, transport: "udp", start_ms: 10_000 };
  const { until } = await watched(t, RtspCamera, options);
  assert.match(
    await until("failed"),
    /arrive by UDP, which a firewall may keep away|arrive\. They come by UDP/,
  );
});

test("a camera whose head turns has actions and properties for it, and takes its own stills", {
  timeout,
}, async (t) => {
  const stream = await OddRtspServer.start(t);
  const rtsp = { port: stream.port, path: "/cam" };
  const snapshot = await jpegOf(320, 240);
  const { url, head } = await onvifDevice(t, { login: LOGIN, rtsp, snapshot, hasPtz: true });
  const { bench, frame } = await watched(t, RtspCamera, { ...LOGIN, url });
  await frame();
  const client = await bench.client();
  await client.invoke("turn", { pan: 0.5 });
  await client.invoke("go_to_preset", { preset: "Door & gate" });
  await assert.rejects(client.invoke("go_to_preset", { preset: "Roof" }), /It has: Door & gate/);
  assert.deepEqual(head.told, ['ContinuousMove x="0.5" y="0" PT1S', "GotoPreset <PresetToken>1"]);
  assert.deepEqual(await client.read("presets"), ["Door & gate"]);
  assert.deepEqual(await client.read("head_position"), { pan: 0.25, tilt: -0.5, zoom: 0.1 });
  assert.equal((await bench.thing.takeStill(patience())).width, 320);
});
