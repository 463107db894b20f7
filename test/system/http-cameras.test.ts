import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmod, mkdtemp, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { delay, MJPEGStream, MjpegHttpSource } from "thingscope";
import { feed, type SourceRunner } from "thingscope/frames";
import { packagePath } from "../../src/base/package-root.ts";
import { MJPEGReader } from "../../src/client-for-node.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { patience, TEST_MS } from "../limits.ts";

const timeout = TEST_MS;
const FRAMES = 5;

/** A port that was free just now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  assert.ok(typeof address === "object" && address);
  return address.port;
}

/** Runs a program until the test has ended. */
function program(
  t: TestContext,
  command: string,
  args: readonly string[],
  cwd?: string,
): ChildProcess {
  const child = spawn(command, args, { cwd, stdio: "ignore" });
  child.on("error", (error) => {
    throw new Error(`${command} does not run (${error.message}): scripts/setup installs it.`);
  });
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  });
  return child;
}

/** Frames of a source that is opened as often as it takes: its server may still be starting. */
async function framesOf(
  t: TestContext,
  source: MjpegHttpSource,
  frames = FRAMES,
): Promise<MJPEGStream> {
  const stream = new MJPEGStream();
  const feeding: SourceRunner = feed(stream, source, { keepWarm: true, backOffMs: 100 });
  t.after(() => feeding.stop());
  const signal = patience();
  for (let n = 0; n < frames; n++) await stream.nextFrame(signal);
  assert.equal(stream.stats.refused.corrupt, 0);
  return stream;
}

test("ffmpeg that listens and sends mpjpeg, as octets, is read", { timeout }, async (t) => {
  const url = `http://127.0.0.1:${await freePort()}/x`;
  const card = ["-re", "-f", "lavfi", "-i", "testsrc=size=320x240:rate=20", "-c:v", "mjpeg"];
  program(t, "ffmpeg", ["-v", "error", ...card, "-f", "mpjpeg", "-listen", "1", url]);
  await framesOf(t, new MjpegHttpSource(url));
});

test("GStreamer's multipartmux behind a bare TCP server, without any HTTP, is read", {
  timeout,
}, async (t) => {
  const port = await freePort();
  const pipeline =
    `videotestsrc is-live=true ! video/x-raw,width=320,height=240,framerate=20/1 ! jpegenc ! ` +
    `multipartmux ! tcpserversink host=127.0.0.1 port=${port}`;
  program(t, "gst-launch-1.0", ["-q", ...pipeline.split(" ")]);
  await framesOf(t, new MjpegHttpSource(`http://127.0.0.1:${port}/`));
});

test("ustreamer's stream, and its snapshots one after another, are read by relay and client", {
  timeout,
}, async (t) => {
  const port = await freePort();
  program(t, "ustreamer", ["--host=127.0.0.1", `--port=${port}`, "--device=/dev/none"]);
  const url = `http://127.0.0.1:${port}`;
  const stream = await framesOf(t, new MjpegHttpSource(`${url}/stream`), 2); // it has no camera, and shows that twice a second
  assert.ok(stream.newest);
  const reader = new MJPEGReader(`${url}/stream`, { signal: patience() });
  for await (const frame of reader) {
    assert.equal(frame.jpeg[0], 0xff);
    break;
  }
  const one = new MJPEGStream();
  const feeding = feed(one, new MjpegHttpSource(`${url}/snapshot`, { pollMs: 50 }), {
    keepWarm: true,
  });
  await one.nextFrame(patience());
  await feeding.stop();
});

test("a picture behind nginx with a login by Basic is asked for, with the login when nginx wants it", {
  timeout,
}, async (t) => {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "thingscope-nginx-"));
  await chmod(folder, 0o755);
  await writeFile(join(folder, "cam.jpg"), await jpegOf(64, 48));
  await writeFile(join(folder, "users"), "admin:{PLAIN}100%sure\n");
  await writeFile(
    join(folder, "nginx.conf"),
    `pid ${folder}/pid; error_log ${folder}/log; daemon off; master_process off; events {}
http { access_log off; client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e; types { image/jpeg jpg; }
server { listen 127.0.0.1:${port}; root ${folder}; auth_basic "cam"; auth_basic_user_file ${folder}/users; } }`,
  );
  program(t, packagePath(".proxies", "usr", "sbin", "nginx"), [
    "-c",
    join(folder, "nginx.conf"),
    "-p",
    folder,
  ]);
  const address = (login: string) => `http://${login}127.0.0.1:${port}/cam.jpg`;
  const stream = new MJPEGStream();
  const source = new MjpegHttpSource(address("admin:100%sure@"), { pollMs: 20 });
  const feeding = feed(stream, source, { keepWarm: true, backOffMs: 100 });
  t.after(() => feeding.stop());
  const signal = patience();
  await stream.nextFrame(signal);
  while (source.counts.unchanged < 3) await delay(10, signal); // 304, by its ETag
  const sink = {
    hasRoom: true,
    isSilent: false,
    take: () => true,
    room: () => undefined,
    lost() {},
  };
  await assert.rejects(
    new MjpegHttpSource(address("")).run(sink, signal),
    /requires a login \(401\)/,
  );
});

const PYTHON = `
import http.server, sys
jpeg = open("cam.jpg", "rb").read()
class Camera(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(200)
        self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=--jpgboundary")
        self.end_headers()
        for n in range(1000):
            self.wfile.write(b"--jpgboundary\\r\\nContent-type: image/jpeg\\r\\nContent-length: %d\\r\\n\\r\\n" % len(jpeg))
            self.wfile.write(jpeg)
            self.wfile.flush()
            __import__("time").sleep(0.02)
    def log_message(self, *_): pass
http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Camera).serve_forever()
`;

test("a camera of twenty lines of Python, HTTP/1.0 without line ends behind pictures, is read", {
  timeout,
}, async (t) => {
  const port = await freePort();
  const folder = await mkdtemp(join(tmpdir(), "thingscope-python-"));
  await writeFile(join(folder, "cam.jpg"), await jpegOf(64, 48));
  await writeFile(join(folder, "camera.py"), PYTHON);
  program(t, "python3", ["camera.py", String(port)], folder);
  await framesOf(t, new MjpegHttpSource(`http://127.0.0.1:${port}/`));
});
