// RTSP servers of GStreamer, read by each program that RtspCamera can use.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import { selfSigned } from "../../src/server/access/tls/self-signed.ts";
import { RtspCamera } from "../../things/index.ts";
import { folderWith, launchCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { needsLong } from "../needs.ts";
import { freePort, kwargsOnPage, peer, watched } from "./cameras.ts";
import { childrenOf } from "./pipelines.ts";

const timeout = TEST_MS;
const PROGRAMS = ["gst-launch-1.0", "ffmpeg"];
/** As test/system/programs/rtsp_server.py has it. */
const PASSWORD = '%41@home "x"/é';

async function server(t: TestContext, port = "0", login: string[] = []) {
  const script = packagePath("test", "system", "programs", "rtsp_server.py");
  const { line, child } = await peer(t, "/usr/bin/python3", [script, port, ...login]);
  return { port: line, url: `rtsp://127.0.0.1:${line}`, child };
}

const { THINGSCOPE_LONG: isLong } = process.env;
const ALL = ["h264", "h265", "jpeg"];
/** Of each codec and each program one, unless there is time. */
const PATHS = new Map([
  ["gst-launch-1.0", isLong ? ALL : ["h264", "jpeg"]],
  ["ffmpeg", isLong ? ALL : ["h265"]],
]);

for (const [program, paths] of PATHS)
  test(`${program} reads ${paths.join(", ")}: H.264 with sound beside it, and JPEG is not decoded`, {
    timeout,
  }, async (t) => {
    const { url } = await server(t);
    for (const path of paths) {
      const { camera, frame } = await watched(t, RtspCamera, { url: `${url}/${path}`, program });
      const { width, height, capturedAt } = await frame();
      assert.deepEqual([path, width, height], [path, 320, 240]);
      assert.ok((await frame()).capturedAt > capturedAt);
      assert.equal(camera.program, program);
      const words = childrenOf().map((pid) => readFileSync(`/proc/${pid}/cmdline`, "latin1"));
      const word = words.find((one) => one.includes("/thingscope")) ?? "";
      assert.equal(/jpegenc|mjpeg\0/.test(word), path !== "jpeg", word);
      await camera.close();
    }
  });

test("a stream that is decoded is made smaller and slower as the options say", {
  ...needsLong(),
  timeout,
}, async (t) => {
  const { url } = await server(t);
  for (const program of PROGRAMS) {
    const options = { url: `${url}/h264`, program, max_framerate: 5, width: 160 };
    const { camera, frame } = await watched(t, RtspCamera, options);
    const first = await frame();
    assert.deepEqual([first.width, first.height], [160, 120]);
    if (program === "ffmpeg") continue; // its frames have no times of the camera
    let last = await frame();
    while (last.index < first.index + 4) last = await frame();
    const hz = (1000 * (last.index - first.index)) / (last.capturedAt - first.capturedAt);
    assert.ok(hz < 6, `${hz} Hz`);
    await camera.close();
  }
});

test("a login is answered, whatever characters its password has, in the address or beside it", {
  timeout,
}, async (t) => {
  for (const [index, method] of (isLong ? ["digest", "basic"] : ["digest"]).entries()) {
    const { port } = await server(t, "0", [method]);
    const inUrl = `rtsp://cam:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}/jpeg`;
    const url = `rtsp://127.0.0.1:${port}/jpeg`;
    const beside = { ...kwargsOnPage("RtspCamera"), url, username: "cam", password: PASSWORD };
    const program = PROGRAMS[index]!;
    for (const options of [{ url: inUrl }, beside]) {
      const { camera, frame } = await watched(t, RtspCamera, { ...options, program });
      assert.equal((await frame()).width, 320);
      await camera.close();
    }
    const wrong = await watched(t, RtspCamera, { ...beside, password: "wrong", program });
    assert.match(await wrong.until("failed"), /refuses this login \(401\)/);
    const none = await watched(t, RtspCamera, { url: beside.url, program });
    const reason = await none.until("failed");
    assert.match(reason, /requires a login \(401\). Put it into the address/);
  }
});

test("rtsps: a certificate that nobody vouches for is told by its fingerprint, trusted by it, and no other is", {
  timeout,
}, async (t) => {
  const { cert, key } = await selfSigned({ names: ["elsewhere"], days: 10 });
  const folder = await folderWith({ "camera.pem": `${cert}${key}` });
  const { port } = await server(t, "0", ["digest", join(folder, "camera.pem")]);
  const login = { username: "cam", password: PASSWORD };
  const options = { ...login, url: `rtsps://127.0.0.1:${port}/jpeg` };
  const reason = await (await watched(t, RtspCamera, options)).until("failed");
  assert.match(reason, /its certificate is not trusted \(self-signed certificate\).*set trust/);
  const [trust = ""] = /(?:[0-9A-F]{2}:){31}[0-9A-F]{2}/.exec(reason) ?? [];
  const { frame } = await watched(t, RtspCamera, { ...options, trust });
  assert.equal((await frame()).width, 320);
  const other = await watched(t, RtspCamera, { ...options, trust: trust.replace(/^../, "00") });
  assert.match(await other.until("failed"), /shows another certificate than the trusted one/);
  const plain = await server(t);
  const wrong = await watched(t, RtspCamera, { url: `rtsps://127.0.0.1:${plain.port}/jpeg` });
  assert.match(await wrong.until("failed"), /does not speak TLS .*Use rtsp:/);
});

test("a path that is not there, a stream without pictures and a port with nothing behind it are told apart", {
  timeout,
}, async (t) => {
  const { url } = await server(t);
  const reasonOf = async (address: string, state: string) =>
    (await watched(t, RtspCamera, { url: address })).until(state);
  assert.match(await reasonOf(`${url}/nosuch`, "failed"), /has no stream at this path \(404\)/);
  assert.match(await reasonOf(`${url}/sound`, "failed"), /has no pictures, at most sound/);
  const closed = `rtsp://127.0.0.1:${await freePort()}/cam`;
  assert.match(await reasonOf(closed, "disconnected"), /nothing listens on port/);
  await assert.rejects(async () => new RtspCamera({ url: "http//cam" }), {
    code: "BAD_CONFIG",
    message: /is not an RTSP address/,
  });
});

test("launch serves the camera at an RTSP address, and prints its password nowhere", {
  timeout,
}, async (t) => {
  const { url } = await server(t, "0", ["basic"]);
  const login = `cam:${encodeURIComponent(PASSWORD)}@`;
  const folder = await folderWith({});
  const served = await launchCli(t, folder, `${url.replace("//", `//${login}`)}/jpeg`);
  const picture = await fetch(`${served.url}/camera/mjpeg_stream/snapshot?wait=20`);
  assert.deepEqual([picture.status, picture.headers.get("content-type")], [200, "image/jpeg"]);
  assert.deepEqual(await (await fetch(`${served.url}/camera/url`)).json(), `${url}/jpeg`);
  assert.doesNotMatch(JSON.stringify(served.lines), /home/);
});

test("a camera whose server is killed is disconnected, and streams again when it is back", {
  timeout,
}, async (t) => {
  const first = await server(t);
  const { frame, until } = await watched(t, RtspCamera, { url: `${first.url}/jpeg` });
  const { run } = await frame();
  first.child.kill();
  await first.child.ended;
  assert.match(await until("disconnected"), /nothing listens on port/);
  await server(t, first.port);
  await until("streaming");
  assert.notEqual((await frame()).run, run);
});
