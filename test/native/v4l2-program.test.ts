import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as passed } from "node:timers/promises";
import { patience, TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { received, runToEnd, start, v4l2Program } from "./program.ts";

const program = v4l2Program();
const limit = { timeout: TEST_MS };

async function parsed(input: string): Promise<unknown[]> {
  const { code, stdout } = await runToEnd([program, "parse-test"], input);
  assert.equal(code, 0);
  const lines = stdout.toString().trimEnd().split("\n");
  return lines.map((line) => JSON.parse(line) as unknown);
}

/** A JPEG file of `kilobytes`: what stands after its end is part of the frame, too. */
async function jpegFile(kilobytes: number): Promise<string> {
  const file = join(await temporaryFolder(), "picture.jpg");
  const head = [0xff, 0xd8, 0xff, 0xc0, 0, 11, 8, 0, 48, 0, 64, 1, 1, 17, 0, 0xff, 0xd9];
  await writeFile(file, Buffer.concat([Buffer.from(head), Buffer.alloc(kilobytes * 1024, 1)]));
  return file;
}

test("commands are understood as docs/internals/v4l2-program.md has them", limit, async () => {
  const lines = [
    "0 get 9963776 0x980901",
    "4294967295 set 1=-5 2=a%20b 3= 4=1,2,3",
    "3 mode MJPG 1280x720 1/30",
    "4 mode Y16%20 1x32768",
    "5 rate 1001/30000",
    "6 still YUYV 4056x3040",
    "7 still YUYV 4056x3040 0",
    "8 quality 100",
    ...["start", "pause", "describe", "stop"].map((verb, n) => `${9 + n} ${verb}`),
  ];
  assert.deepEqual(await parsed(`${lines.join("\n")}\n`), [
    { number: 0, command: "get", controls: [{ id: 9963776 }, { id: 0x980901 }] },
    {
      number: 4294967295,
      command: "set",
      controls: [
        { id: 1, value: "-5" },
        { id: 2, value: "a%20b" },
        { id: 3, value: "" },
        { id: 4, value: "1,2,3" },
      ],
    },
    { number: 3, command: "mode", fourcc: "MJPG", width: 1280, height: 720, interval: [1, 30] },
    { number: 4, command: "mode", fourcc: "Y16", width: 1, height: 32768 },
    { number: 5, command: "rate", interval: [1001, 30000] },
    { number: 6, command: "still", fourcc: "YUYV", width: 4056, height: 3040, skip: 2 },
    { number: 7, command: "still", fourcc: "YUYV", width: 4056, height: 3040, skip: 0 },
    { number: 8, command: "quality", quality: 100 },
    { number: 9, command: "start" },
    { number: 10, command: "pause" },
    { number: 11, command: "describe" },
    { number: 12, command: "stop" },
  ]);
});

test(
  "a command that is wrong is refused with what is wrong about it, and the next one is understood",
  limit,
  async () => {
    const wrong: [string, RegExp][] = [
      ["", /begins with its number/],
      ["get 1", /begins with its number/],
      ["-1 start", /begins with its number/],
      ["4294967296 start", /begins with its number/],
      ["1", /There are the commands/],
      ["1 fly", /There are the commands/],
      ["1 start now", /too many arguments/],
      ["1 get", /needs a control/],
      ["1 get 0", /control's number/],
      ["1 get 1  2", /control's number/],
      ["1 set 1", /ID=VALUE/],
      ["1 set x=1", /control's number/],
      [`1 get ${Array.from({ length: 65 }, (_, n) => n + 1).join(" ")}`, /at most 64/],
      ["1 mode", /FOURCC/],
      ["1 mode MJPEG 1x1", /FOURCC/],
      ["1 mode M%0 1x1", /FOURCC/],
      ["1 mode MJPG 0x480", /WxH/],
      ["1 mode MJPG 640x32769", /WxH/],
      ["1 mode MJPG 640x480 1/0", /N\/D/],
      ["1 mode MJPG 640x480 30", /N\/D/],
      ["1 rate", /N\/D/],
      ["1 still MJPG 640x480 101", /0 to 100/],
      ["1 quality 0", /1 to 100/],
      ["1 quality 50 50", /1 to 100/],
      ["1 sto\0p", /NUL/],
      [`1 ${"x".repeat(70_000)}`, /at most 65536/],
    ];
    const input = wrong.map(([line]) => `${line}\n7 stop\n`).join("");
    const found = (await parsed(input)) as { fault?: string }[];
    assert.equal(found.length, 2 * wrong.length);
    for (const [n, [line, expected]] of wrong.entries()) {
      assert.match(found[2 * n]!.fault ?? "", expected, line.slice(0, 40));
      assert.deepEqual(found[2 * n + 1], { number: 7, command: "stop" });
    }
  },
);

test("a command line that is wrong ends with 2 and the usage", limit, async () => {
  for (const args of [
    [],
    ["fly"],
    ["stream"],
    ["stream", "/dev/video0", "--buffers", "2"],
    ["stream", "/dev/video0", "--mode", "MJPG"],
    ["play"],
    ["encode-test", "YUYV"],
    ["version", "2"],
  ]) {
    const { code, stderr, stdout } = await runToEnd([program, ...args]);
    assert.deepEqual([code, stdout.length], [2, 0], args.join(" "));
    assert.match(stderr, /Usage: v4l2-camera list/);
  }
});

test(
  "a device that is not there is a fatal error and code 3; one that is none, code 1",
  limit,
  async () => {
    for (const [node, code, errno] of [
      ["/dev/no-such-video", 3, "ENOENT"],
      ["/dev/null", 1, "ENOTTY"],
    ] as const) {
      const ended = await runToEnd([program, "stream", node]);
      const { messages } = received(ended.stdout);
      assert.equal(ended.code, code);
      assert.deepEqual(
        messages.map(({ type }) => type),
        ["error"],
      );
      const [message] = messages as unknown as [{ type: "E"; trouble?: object }];
      assert.match(JSON.stringify(message), new RegExp(`${errno}.*"fatal":true`));
      const list = JSON.parse((await runToEnd([program, "list", node])).stdout.toString());
      assert.equal(list.devices[0].node, node);
      assert.equal(list.devices[0].error.errno, errno);
    }
  },
);

test("frames are written as they are, with the device first", limit, async () => {
  const file = await jpegFile(100);
  const { child, all, read, ended } = start([program, "play", file, "--rate", "500"]);
  read();
  while (all.frames.length < 5) await once(child.stdout, "data", { signal: patience() });
  child.stdin.end();
  assert.equal(await ended, 0);
  const { messages, frames } = all;
  assert.deepEqual(
    messages.map(({ type }) => type),
    ["device"],
  );
  const picture = await readFile(file);
  assert.ok(frames.length >= 1);
  for (const { info, payload } of frames) {
    assert.deepEqual([info.width, info.height, info.fourcc], [64, 48, "JPEG"]);
    assert.ok(picture.equals(payload));
  }
  const told = frames.reduce((sum, { info }) => sum + 1 + info.replaced, 0);
  assert.equal(told, frames.at(-1)!.info.sequence + 1, "each is sent, or counted as replaced");
});

test(
  "a server that does not read gets the newest frame afterwards, and the number of those that it replaced",
  limit,
  async () => {
    const { child, all, read, ended } = start([
      program,
      "play",
      await jpegFile(900),
      "--rate",
      "200",
    ]);
    await passed(300); // however long it is: some sixty frames are due, or fewer on a busy machine
    read();
    const deadline = patience();
    while (all.frames.length < 5 && !deadline.aborted) await once(child.stdout, "data");
    child.stdin.end();
    assert.equal(await ended, 0);
    const numbers = all.frames.map(({ info }) => info.sequence);
    const counted = all.frames.map(
      ({ info }, n) => info.sequence - info.replaced - (numbers[n - 1] ?? -1),
    );
    assert.deepEqual(
      counted,
      counted.map(() => 1),
    );
  },
);

test("it ends with its server: when stdin ends, and when nobody reads", limit, async () => {
  const file = await jpegFile(1);
  const first = start([program, "play", file, "--rate", "50"]);
  first.child.stdin.end();
  assert.equal(await first.ended, 0);
  const second = start([program, "play", file, "--rate", "50"]);
  second.child.stdout.destroy();
  assert.equal(await second.ended, 0);
});
