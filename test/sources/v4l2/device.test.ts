import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { type TestContext, test } from "node:test";
import { delay } from "../../../src/base/abort.ts";
import { now } from "../../../src/base/clock.ts";
import type { ThingError } from "../../../src/base/errors.ts";
import type { SourceLoss } from "../../../src/frames/frame.ts";
import { V4l2Device, type V4l2DeviceOptions } from "../../../src/sources/v4l2/device.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { framesOf } from "../reading.ts";
import { plugIn, STAND_IN } from "./plug-in.ts";
import { type Behaviour, BRIGHTNESS } from "./stand-in-device.ts";

const [PROGRAM = "", ...FIRST] = STAND_IN;

async function deviceOf(
  t: TestContext,
  behaviour: Behaviour = {},
  options: Partial<V4l2DeviceOptions> = {},
) {
  const node = await plugIn(behaviour);
  const device = new V4l2Device({
    find: () => node,
    command: (path) => ({ program: PROGRAM, args: [...FIRST, "stream", path, "--idle"] }),
    ...options,
  });
  t.after(() => device.close());
  device.open();
  return { device, node };
}

const limited = { timeout: TEST_MS };

test("frames come with the kernel's time, on the clock of now()", limited, async (t) => {
  const { device } = await deviceOf(t);
  for await (const { capturedAt = 0 } of framesOf(device, patience())) {
    assert.ok(capturedAt < now());
    assert.ok(capturedAt > now() - 60_000);
    break;
  }
});

test(
  "frames that the driver lost, and flagged ones, are told with the next",
  limited,
  async (t) => {
    const { device } = await deviceOf(t, { loseEvery: 3, damageEvery: 4 });
    const reasons = new Map<string, number>();
    let frames = 0;
    for await (const { lossesBefore = [] } of framesOf(device, patience())) {
      for (const { why, count } of lossesBefore) reasons.set(why, (reasons.get(why) ?? 0) + count);
      frames += 1;
      if (reasons.size === 2 && frames > 12) break;
    }
    const [lost = 0, damaged = 0] = ["frame numbers", "damaged"].map(
      (word) => [...reasons].find(([why]) => why.includes(word))?.[1],
    );
    assert.ok(lost >= 2 && lost % 2 === 0, `${lost} lost`);
    assert.ok(damaged >= 1);
    assert.ok(device.counts.damaged >= damaged);
  },
);

test("why it does not start to stream is told in words", limited, async (t) => {
  const { device, node } = await deviceOf(t);
  for (const [startError, words, code] of [
    ["ENOSPC", /USB has no bandwidth left/, "SOURCE_FAILED"],
    ["ENODEV", /was unplugged/, "DISCONNECTED"],
    ["EIO", /The camera at .* failed: .* plug the camera in again/, "SOURCE_FAILED"],
  ] as const) {
    await plugIn({ startError }, node);
    await assert.rejects(framesOf(device, patience()).next(), { code, message: words });
  }
});

for (const [errno, words, code] of [
  ["EACCES", /group 'video'/, "SOURCE_FAILED"],
  ["EBUSY", /busy/, "SOURCE_FAILED"],
  ["ENOENT", /not there/, "DISCONNECTED"],
] as const) {
  test(`${errno} when it is opened is told in words`, limited, async (t) => {
    const { device } = await deviceOf(t, { openError: errno });
    await assert.rejects(device.ready(patience()), { code, message: words });
  });
}

test("a crash ends the run with a reason, and the next run has frames", limited, async (t) => {
  const { device } = await deviceOf(t, { crashAfter: 3 });
  const frames = framesOf(device, patience());
  await assert.rejects(
    async () => {
      for await (const _ of frames);
    },
    { message: /ended by SIGKILL/ },
  );
  for await (const { jpeg } of framesOf(device, patience())) {
    assert.ok(jpeg.length > 0);
    break;
  }
});

test("what is no message ends the run with a sentence", limited, async (t) => {
  const { device } = await deviceOf(t, { garbageAfter: 3 });
  await assert.rejects(
    async () => {
      for await (const _ of framesOf(device, patience()));
    },
    { code: "SOURCE_FAILED", message: /sent something else than messages/ },
  );
});

test(
  "an input that changes has the device described anew, and the stream goes on",
  limited,
  async (t) => {
    const { device } = await deviceOf(t, { inputChangesAt: 3 });
    await device.ready(patience());
    const modes = () => device.description?.modes.length;
    assert.equal(modes(), 2);
    for await (const _ of framesOf(device, patience())) {
      if (modes() === 1) break;
    }
  },
);

test("an input that changes a thousand times at once is described twice", limited, async (t) => {
  let descriptions = 0;
  const { device } = await deviceOf(
    t,
    { inputChangesAt: 3, inputChanges: 1000 },
    { onDescribed: () => void descriptions++ },
  );
  let framesAfter = 0;
  for await (const _ of framesOf(device, patience())) {
    if (descriptions > 0) framesAfter++;
    if (framesAfter === 20) break;
  }
  assert.equal(descriptions, 2);
});

test(
  "a refused value is told as the device says it, and the device goes on",
  limited,
  async (t) => {
    const { device } = await deviceOf(t, { setError: "ERANGE" });
    await device.ready(patience());
    const brightness = device.description?.controls.find(({ id }) => id === BRIGHTNESS);
    assert.ok(brightness);
    await assert.rejects(device.set(new Map([[brightness, "7"]])), {
      code: "INVALID_INPUT",
      message: /range/,
    });
    assert.equal(device.isReady, true);
  },
);

test("a value that comes while the device is just going is refused as that", limited, async (t) => {
  const { device } = await deviceOf(t, { setError: "ESHUTDOWN" });
  await device.ready(patience());
  const brightness = device.description?.controls.find(({ id }) => id === BRIGHTNESS);
  assert.ok(brightness);
  await assert.rejects(device.set(new Map([[brightness, "7"]])), {
    code: "DISCONNECTED",
    message: /Plug it in again/,
  });
});

test(
  "a driver that hangs in a command costs that command, and the device is opened again",
  limited,
  async (t) => {
    const { device } = await deviceOf(t, { hangsAt: "set" }, { controlMs: 300 });
    await device.ready(patience());
    const brightness = device.description?.controls.find(({ id }) => id === BRIGHTNESS);
    assert.ok(brightness);
    const { pid } = device;
    await assert.rejects(device.set(new Map([[brightness, "7"]])), {
      code: "NOT_READY",
      message: /did not answer within 0.3 s/,
    });
    while (!device.isReady || device.pid === pid) await delay(5);
  },
);

test("an unplugged device is disconnected, and is found when it is back", limited, async (t) => {
  let lost: (reason: ThingError) => void = () => {};
  const gone = new Promise<ThingError>((resolve) => {
    lost = resolve;
  });
  const { device, node } = await deviceOf(t, {}, { onLost: (reason) => lost(reason) });
  await device.ready(patience());
  await rm(node);
  assert.equal((await gone).code, "DISCONNECTED");
  await assert.rejects(device.ready(patience()), { code: "DISCONNECTED" });
  await plugIn({}, node);
  while (!device.isReady) await delay(5);
});

test("raw pictures are encoded here", limited, async (t) => {
  const { device } = await deviceOf(t, { raw: "YUYV", rate: 30 });
  for await (const { jpeg } of framesOf(device, patience())) {
    assert.deepEqual([jpeg[0], jpeg[1]], [0xff, 0xd8]);
    break;
  }
});

test("a raw format that cannot be read is told", limited, async (t) => {
  const { device } = await deviceOf(t, { raw: "ABCD", rate: 30 });
  const ended = new AbortController();
  const why = await new Promise<string>((resolve) => {
    // On a busy machine a newer picture may replace one first.
    const lost = ({ why }: SourceLoss) => /in time/.test(why) || resolve(why);
    const sink = { hasRoom: true, isSilent: false, take: () => true, room: () => undefined, lost };
    void device.run(sink, ended.signal);
  });
  ended.abort();
  assert.match(why, /cannot be encoded/);
});

test("stamps of another clock, and none, are those of the arrival", limited, async (t) => {
  for (const behaviour of [{ clock: "unknown" as const }, { isUntimed: true }]) {
    const before = now();
    const { device } = await deviceOf(t, behaviour);
    for await (const { capturedAt = 0 } of framesOf(device, patience())) {
      assert.ok(capturedAt > before && capturedAt <= now());
      break;
    }
  }
});

test("a driver that does not let it be described is told, with the node", limited, async (t) => {
  const { device, node } = await deviceOf(t, { isMute: true }, { startMs: 1000 });
  await assert.rejects(device.ready(patience()), {
    code: "SOURCE_FAILED",
    message: `The camera at ${node} could not be opened: its driver does not answer. Plug it in again.`,
  });
});

test(
  "answers that this process could not read in time are no reason to end the program",
  limited,
  async (t) => {
    const { device } = await deviceOf(t, {}, { controlMs: 2000 });
    await device.ready(patience());
    const brightness = device.description?.controls.find(({ id }) => id === BRIGHTNESS);
    assert.ok(brightness);
    const { pid } = device;
    const set = device.set(new Map([[brightness, "7"]]));
    await new Promise(setImmediate); // the command is on its way
    for (const end = performance.now() + 2500; performance.now() < end; );
    await set;
    assert.equal(device.pid, pid);
  },
);
