import assert from "node:assert/strict";
import { test } from "node:test";
import { logTo } from "../../src/base/log.ts";
import { LineTail } from "../../src/processes/line-tail.ts";

test("what a program repeats of an address is kept and logged without its login", () => {
  const logged: string[] = [];
  const read: string[] = [];
  const log = logTo((_, line) => logged.push(line));
  const tail = new LineTail(log, "ffmpeg", (line) => read.push(line));
  tail.push("rtsp://admin:s3cret@camera/1: Connection refused\nrtsp://admin:s3cret@cam");
  assert.equal(tail.lines.length, 2);
  assert.equal(read.length, 1);
  for (const line of [...tail.lines, ...read, ...logged]) assert.doesNotMatch(line, /s3cret/);
});
