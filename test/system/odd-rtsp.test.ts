// RTSP servers that answer wrongly once a program reads from them. What DESCRIBE tells is in test/sources/rtsp-describe.test.ts.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { RtspCamera } from "../../things/index.ts";
import { TEST_MS } from "../limits.ts";
import { JPEG_VIDEO, OddRtspServer, SDP } from "../sources/odd-rtsp-server.ts";
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

const ANSWERS: Readonly<Record<string, Oddity>> = {
  "454 at PLAY": { odd: only("PLAY", "454 Session Not Found"), says: /ended the session \(454\)/ },
  "silence at SETUP": { odd: only("SETUP", "silence"), says: /does not answer SETUP/ },
  "silence after PLAY": { odd: (server) => playing(server, false), says: /play and sends nothing/ },
  "a close after PLAY": {
    odd: (server) => server.afterPlay((socket) => socket.destroy()),
    says: /closed the connection while it was playing/,
  },
};
const MORE: typeof ANSWERS = {
  "461 at SETUP": {
    odd: only("SETUP", "461 Unsupported Transport"),
    says: /offer the transport 'tcp' \(461\)\. Set the option transport to udp/,
  },
  "453 at SETUP": {
    odd: only("SETUP", "453 Not Enough Bandwidth"),
    says: /another viewer \(453\)/,
  },
  "500 at PLAY": {
    odd: only("PLAY", "500 Internal Server Error"),
    says: /answered PLAY with 500 Internal/,
  },
  "a close at SETUP": {
    odd: only("SETUP", "close"),
    says: /closed the connection instead of answering SETUP/,
  },
  "garbage after PLAY": {
    odd: (server) => {
      playing(server, false);
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

function playing(server: OddRtspServer, isPlaying: boolean): void {
  server.isPlaying = isPlaying;
}

/** The camera says it, keeps the password to itself, has pictures once the server answers as it should, and leaves nothing behind. */
async function tellsAndHeals(t: TestContext, { odd, says }: Oddity, program: string) {
  const server = await OddRtspServer.start(t);
  odd(server);
  const options = { ...LOGIN, url: server.url, start_ms: 2000, program };
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
    const oddities = Object.values({ ...ANSWERS, ...(isLong && MORE) });
    await Promise.all(oddities.map((oddity) => tellsAndHeals(t, oddity, program)));
    assert.deepEqual(childrenOf(), []);
  });

test("pictures whose datagrams are lost are counted, and a server that nothing comes from by UDP is told", {
  timeout,
}, async (t) => {
  const server = await OddRtspServer.start(t);
  const lost = new Set<number>();
  server.loses = (picture, packet) => {
    const isLost = picture % 10 === 7 && picture > 20 && packet === 1;
    if (isLost) lost.add(picture);
    return isLost;
  };
  const options = { url: server.url, transport: "udp", program: "gst-launch-1.0" };
  const { camera, frame } = await watched(t, RtspCamera, options);
  await untilItHolds(async () => {
    await frame();
    assert.ok(lost.size >= 3);
  });
  server.loses = () => false;
  await untilItHolds(async () => {
    await frame();
    assert.equal(camera.measurements.lost, lost.size);
  });
  server.loses = () => true;
  await camera.close();
  const silent = await watched(t, RtspCamera, { ...options, start_ms: 1500 });
  assert.match(await silent.until("failed"), /by UDP, which a firewall may keep away/);
});
