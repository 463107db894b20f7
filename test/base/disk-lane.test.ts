import assert from "node:assert/strict";
import { test } from "node:test";
import { DiskLane } from "../../src/base/disk-lane.ts";
import { WAIT_MS } from "../limits.ts";

const timeout = WAIT_MS;
const never = () => new Promise<never>(() => {});

test("of a disk one thing is asked at a time that writes, and one beside it that reads", {
  timeout,
}, async () => {
  const lane = new DiskLane();
  let [reading, most] = [0, 0];
  const read = async () => {
    most = Math.max(most, ++reading);
    await new Promise((resolve) => setTimeout(resolve, 5));
    reading -= 1;
  };
  let endWrite = () => {};
  const writing = lane.run(() => new Promise<void>((resolve) => (endWrite = resolve)));
  const next = lane.run(async () => "written");
  await Promise.all([lane.read(read), lane.read(read), lane.read(read)]);
  assert.equal(most, 1);
  endWrite();
  await writing;
  assert.equal(await next, "written");
});

for (const kind of ["run", "read"] as const) {
  test(`whoever reads a disk on which a ${kind} hangs is refused when it has hung for long, and from then on at once`, {
    timeout,
  }, async (t) => {
    const alive = setInterval(() => {}, 1000); // as a server has something to do
    t.after(() => clearInterval(alive));
    const lane = new DiskLane(20);
    const hanging = lane[kind](never);
    let begun = 0;
    const waiting = [1, 2, 3].map(() => lane.read(async () => void begun++));
    const refused = { code: "NOT_READY", message: /^The disk has not answered for \d+ s\. / };
    if (kind === "read") {
      for (const one of [hanging, ...waiting]) await assert.rejects(one, refused);
      assert.equal(begun, 0);
    } else {
      await Promise.all(waiting); // nothing was slow yet
      while (lane.hungMs === 0) await new Promise((resolve) => setTimeout(resolve, 5));
    }
    await assert.rejects(
      lane.read(async () => "read"),
      refused,
    );
  });
}
