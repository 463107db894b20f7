import assert from "node:assert/strict";
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { ThingHost, ThingServer } from "thingscope";
import { FramesCamera } from "thingscope/things";
import WebSocket from "ws";
import { blocksOf, pageText } from "../docs/page.ts";
import { TEST_MS } from "../limits.ts";
import { numberIn, picture } from "../streams/pictures.ts";
import { eventually } from "../streams/watching.ts";
import { folderFor } from "../things/recorder-server.ts";
import { proxyFor } from "./proxy-programs.ts";

const timeout = TEST_MS;
const run = promisify(execFile);

async function served(t: TestContext) {
  const folder = await folderFor(t);
  const camera = new FramesCamera();
  const host = new ThingHost({ settingsFolder: folder });
  host.add("door", camera);
  const server = new ThingServer(host);
  t.after(() => server.close());
  const { port } = await server.listen({ port: 0 });
  await writeFile(join(folder, "picture.jpg"), picture(3));
  return { camera, folder, port };
}

/** What docs/cameras.md says of this camera, but for the port and how long it takes. */
function printed(language: string, port: number): string {
  const page = pageText("cameras.md");
  const section = page.slice(page.indexOf("## Frames from a program"));
  const block = blocksOf(section).find((one) => one.language === language);
  return (block?.text ?? "")
    .replaceAll("5000/", `${port}/`)
    .replace("5000)", `${port})`)
    .replace("-t 5", "-t 0.5");
}

test("what docs/cameras.md prints for curl, ffmpeg and Python sends pictures", {
  timeout,
}, async (t) => {
  const { camera, folder, port } = await served(t);
  const commands = printed("sh", port).trim().split("\n");
  assert.equal(commands.length, 2);
  for (const command of [commands[0]!, commands[1]!.replace("frames", "frames?takeover=1")])
    await run("sh", ["-c", command], { cwd: folder });
  assert.ok(camera.mjpeg_stream.stats.added > 5, `${camera.mjpeg_stream.stats.added}`);
  await writeFile(
    join(folder, "send.py"),
    printed("python", port).replace("/door/frames", "/door/frames?takeover=1"),
  );
  const { stdout } = await run("python3", ["send.py"], { cwd: folder });
  assert.deepEqual(stdout.trim().split("\n"), Array(10).fill('{"pictures":1,"dropped":0}'));
  assert.equal(camera.mjpeg_stream.stats.lostBySource, 0);
});

test("pictures come through nginx: one by one, over a WebSocket, and in an endless body with two lines more", {
  timeout,
}, async (t) => {
  const { camera, port } = await served(t);
  const seen: number[] = [];
  camera.mjpeg_stream.onFrame(({ jpeg }) => seen.push(numberIn(jpeg)));
  const more = (text: string) =>
    text.replace(
      "proxy_set_header Host",
      "proxy_request_buffering off;\n client_max_body_size 0;\n proxy_set_header Host",
    );
  const { url } = await proxyFor(t, "nginx", port, more);
  const body = Buffer.from(picture(1));
  assert.equal((await fetch(`${url}/door/frames`, { method: "PUT", body })).status, 200);
  const socket = new WebSocket(`${url.replace("http", "ws")}/door/frames_socket?takeover=1`);
  await once(socket, "open");
  socket.send(picture(2));
  await eventually(() => seen.length === 2);
  socket.close();
  const curl = spawn("curl", ["-sT", "-", `${url}/door/frames?takeover=1`]);
  t.after(() => curl.kill());
  for (const n of [3, 4, 5]) {
    curl.stdin.write(picture(n));
    await eventually(() => seen.at(-1) === n); // while the body goes on
  }
  curl.stdin.end();
  const [answer] = await once(curl.stdout, "data");
  assert.equal(String(answer), '{"pictures":3,"dropped":0}');
});
