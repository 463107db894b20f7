import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { crc32 } from "node:zlib";
import { verifyRecording } from "thingscope/recording";
import { openRecording } from "../../src/recording/read/open-recording.ts";
import { runCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { folderFor } from "../things/recorder-server.ts";

const timeout = TEST_MS;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Other people's MJPEG servers, and where their stream is. */
const SERVERS: Record<string, (port: number) => { command: string[]; path: string }> = {
  // It has no camera, and says so in pictures.
  ustreamer: (port) => ({
    command: ["ustreamer", "--device=/dev/no-camera", "--host=127.0.0.1", `--port=${port}`],
    path: "/stream",
  }),
  ffmpeg: (port) => ({
    command: [
      ..."ffmpeg -v error -re -f lavfi -i testsrc=size=320x240:rate=25 -c:v mjpeg -f mpjpeg".split(
        " ",
      ),
      ..."-content_type multipart/x-mixed-replace;boundary=ffmpeg -listen 1".split(" "),
      `http://127.0.0.1:${port}/`,
    ],
    path: "/",
  }),
};

/** Starts a server; `thingscope record` is tried until that listens. */
async function recordFrom(t: TestContext, name: string) {
  const port = await freePort();
  const { command, path } = SERVERS[name]!(port);
  const [program = "", ...args] = command;
  const child = spawn(program, args, { stdio: "ignore" });
  t.after(() => child.kill("SIGKILL"));
  const folder = await folderFor(t);
  const url = `http://127.0.0.1:${port}${path}`;
  for (let tries = 1; ; tries++) {
    assert.equal(
      child.exitCode,
      null,
      `${name} has ended. Is it installed? scripts/setup does that.`,
    );
    const ran = await runCli(folder, "record", url, "--seconds", "2.5", "--name", "film");
    if (ran.code === 0) return { told: JSON.parse(ran.stdout), path: `${folder}/film.mkv`, tries };
    assert.equal(ran.code, 3, ran.stderr);
    await sleep(200);
  }
}

/** How many different pictures a recording has. */
async function differentIn(path: string): Promise<number> {
  await using film = await openRecording(path);
  const found = new Set<number>();
  for await (const { jpeg } of film.frames()) found.add(crc32(jpeg));
  return found.size;
}

for (const [name, least, isMoving] of [
  ["ustreamer", 2, false],
  ["ffmpeg", 50, true],
] as const) {
  test(`thingscope record records what ${name} serves, every frame once`, {
    timeout,
  }, async (t) => {
    const { told, path, tries } = await recordFrom(t, name);
    console.log(`${name}, listening at try ${tries}: ${JSON.stringify(told)}`);
    assert.ok(told.frames >= least, JSON.stringify(told));
    if (isMoving) assert.equal(await differentIn(path), told.frames, "a frame came twice");
    assert.deepEqual([told.dropped, told.ended], [0, "stopped"]);
    const { ok, sentence } = await verifyRecording(path);
    assert.ok(ok, sentence);
  });
}
