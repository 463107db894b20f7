import assert from "node:assert/strict";
import { closeSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { type ProcessLog, pinoLog } from "../../src/cli/pino-log.ts";
import { folderWith } from "./run-cli.ts";

async function written(
  options: { readable?: boolean; debug?: boolean },
  use: (log: ProcessLog) => void,
) {
  const file = join(await folderWith({}), "log");
  const fd = openSync(file, "w");
  const log = pinoLog({ ...options, fd });
  use(log);
  await log.written();
  closeSync(fd);
  return readFileSync(file, "utf8");
}

test("lines for a program are JSON with level, time and fields", async () => {
  const text = await written({}, (log) => {
    log.warn("camera: The cable is out.", { port: 3 });
    log.debug("not told");
    log.say("open http://127.0.0.1:5000/");
  });
  const [first, second, ...rest] = text
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
  assert.deepEqual([first.level, first.msg, first.port], [40, "camera: The cable is out.", 3]);
  assert.ok(Math.abs(Date.parse(first.time) - Date.now()) < 60_000);
  assert.deepEqual([second.level, second.msg, rest], [30, "open http://127.0.0.1:5000/", []]);
});

test("lines for a person are short, and what was said to them is bare", async () => {
  const text = await written({ readable: true, debug: true }, (log) => {
    log.say("open http://127.0.0.1:5000/");
    log.error("camera: The cable is out.", { port: 3 });
    log.debug("told");
  });
  assert.match(
    text,
    /^open http:\/\/127\.0\.0\.1:5000\/\n\d\d:\d\d:\d\d error camera: The cable is out\. \{"port":3\}\n[\d:]+ debug told\n$/,
  );
});

test("secrets are hidden in sentences, in fields and inside of them", async () => {
  const text = await written({}, (log) => {
    log.info("Reading rtsp://ana:s3cret@cam/1 and http://x/y?width=3&token=s3cret", {
      password: "s3cret",
      authorization: "s3cret",
      url: "http://ana:s3cret@cam/",
      request: { headers: [{ cookie: "s3cret" }, "Bearer s3cretabc"], keep: 1 },
      error: new Error("Failed at http://x/?sig=s3cret"),
    });
  });
  assert.doesNotMatch(text, /s3cret/);
  assert.match(text, /rtsp:\/\/ana:\[hidden\]@cam\/1 .*width=3/);
  assert.match(text, /"keep":1/);
});

test("a flood of one error is less than a hundred lines on the standard output, and is counted there", async () => {
  for (const readable of [true, false]) {
    const text = await written({ readable }, (log) => {
      for (let n = 0; n < 100_000; n++) log.error(`Frame ${n} was not written.`, { n });
    });
    assert.ok(text.split("\n").length < 100);
    assert.match(text, /\.\.\. 99,980 more in 10 s like: Frame 0 was not written\./);
  }
});

test("what a client sent is on one line, and steers no terminal", async () => {
  for (const readable of [true, false]) {
    const text = await written({ readable }, (log) => {
      log.warn("GET /\n12:00:00 error forged \x1b[2J \x9b31m", { url: "\x1b]0;title\x07\u202e" });
    });
    assert.equal(text.trimEnd().split("\n").length, 1);
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these are what must not be there
    assert.doesNotMatch(text.trimEnd(), /[\0-\x1f\x7f-\x9f\u202e]/);
  }
});
