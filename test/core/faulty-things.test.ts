// One Thing's failure stays its own, whatever it does.
import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import {
  action,
  type HostOptions,
  type Invocation,
  property,
  Thing,
  ThingError,
  ThingHost,
} from "thingscope";
import { Type } from "typebox";
import { within } from "../../src/base/abort.ts";
import type { LogLevel } from "../../src/base/log.ts";
import { logTo } from "../../src/base/log.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";

class Healthy extends Thing {
  closed = 0;
  @property("Level", Type.Integer()) accessor level = 1;
  override close(): void {
    this.closed += 1;
  }
  override thingState() {
    return { level: this.level };
  }
}

const never = () => new Promise<void>(() => {});

/** An open host, what it logs, and a Healthy Thing that was added last. */
async function hostWith(things: Record<string, Thing>, options: HostOptions = {}) {
  const lines: [LogLevel, string][] = [];
  const host = new ThingHost({
    settingsFolder: await mkdtemp(join(tmpdir(), "thingscope-")),
    log: logTo((level, message) => lines.push([level, message])),
    openWithinMs: 300,
    closeWithinMs: 300,
    ...options,
  });
  const healthy = new Healthy();
  for (const [name, thing] of Object.entries({ ...things, healthy })) host.add(name, thing);
  await within(host.open(), WAIT_MS, () => new ThingError("INTERNAL", "The host does not open."));
  return { host, healthy, lines };
}

test("a Thing that never ends opening is listed, and the others open; opened too late, it is closed", {
  timeout: TEST_MS,
}, async () => {
  class Slow extends Thing {
    opened: () => void = () => {};
    closes = 0;
    #closedTwice: () => void = () => {};
    readonly closedTwice = new Promise<void>((resolve) => {
      this.#closedTwice = resolve;
    });
    override open(): Promise<void> {
      return new Promise((resolve) => {
        this.opened = resolve;
      });
    }
    override close(): void {
      this.closes += 1;
      if (this.closes === 2) this.#closedTwice();
    }
  }
  const slow = new Slow();
  const { host } = await hostWith({ slow });
  assert.deepEqual(
    [host.get("slow").state, host.get("slow").reason, host.get("healthy").state],
    ["failed", "open() did not end within 0.3 s: check its device.", "open"],
  );
  assert.equal(slow.closes, 1);
  slow.opened();
  await slow.closedTwice;
  await host.close();
});

test("a Thing that throws or never ends while it closes does not keep the others open", {
  timeout: TEST_MS,
}, async () => {
  class Thrower extends Thing {
    override close(): void {
      throw new Error("The shutter jams.");
    }
  }
  class Stuck extends Thing {
    override close = never;
  }
  const first = new Healthy();
  const { host, healthy, lines } = await hostWith({
    first,
    thrower: new Thrower(),
    stuck: new Stuck(),
  });
  await host.close();
  assert.deepEqual([first.closed, healthy.closed], [1, 1]);
  assert.match(
    lines.map(([, message]) => message).join("\n"),
    /^Thing 'thrower' did not close cleanly: The shutter jams\.\nThing 'stuck' did not close cleanly: it takes longer than 0\.\d+ s$/,
  );
});

test("a Thing that cannot tell its state says why among the states of the others", async () => {
  class Mute extends Thing {
    override thingState(): Record<string, unknown> {
      throw new Error("The line is dead.");
    }
  }
  const { host } = await hostWith({ mute: new Mute() });
  assert.deepEqual(host.thingStates(), {
    mute: { error: "The line is dead." },
    healthy: { level: 1 },
  });
});

test("an action that ignores its signal keeps nothing from closing", {
  timeout: TEST_MS,
}, async () => {
  class Deaf extends Thing {
    @action("Never ends") async sleep(): Promise<void> {
      await never();
    }
  }
  const { host, healthy } = await hostWith({ deaf: new Deaf() });
  host.get("deaf").invoke("sleep", {});
  await host.close();
  assert.equal(healthy.closed, 1);
});

test("an action that fails is in the log with its stack, one that tells why with its sentence", {
  timeout: TEST_MS,
}, async () => {
  class Failing extends Thing {
    @action("A fault of its author") async fault(): Promise<void> {
      throw new TypeError("x is not a function");
    }
    @action("What a user can mend") async refusal(): Promise<void> {
      throw new ThingError("NO_FRAME", "The lid is shut. Open it.");
    }
  }
  const fields: unknown[] = [];
  const log = logTo((level, message, { invocation: _, ...rest } = {}) => {
    fields.push([level, message, Object.keys(rest)]);
  });
  const { host } = await hostWith({ failing: new Failing() }, { log });
  for (const name of ["fault", "refusal"]) await host.get("failing").invoke(name, {}).ended;
  assert.deepEqual(fields, [
    ["error", "failing: Action 'fault' failed: x is not a function", ["stack"]],
    ["error", "failing: Action 'refusal' failed: The lid is shut. Open it.", []],
  ]);
});

test("a property that starts with a value which its schema refuses is warned of", async () => {
  class Odd extends Thing {
    @property("Level", Type.Integer({ minimum: 3 })) accessor level = 2;
    @property("Not known before it is open", Type.String()) accessor label!: string;
  }
  const { lines } = await hostWith({ odd: new Odd() });
  assert.deepEqual(lines, [
    [
      "warn",
      "odd: Property 'level' of Odd starts with a value that its own schema refuses, so it cannot be read: it should be greater than or equal to 3, but is 2. Give its accessor another initial value.",
    ],
  ]);
});

test("a member that is set in process is held to its schema", async () => {
  const { healthy } = await hostWith({});
  assert.throws(
    () => {
      healthy.level = 1.5;
    },
    {
      code: "INVALID_INPUT",
      message:
        "Property 'level' of Thing 'healthy' was not set: it should be an integer, but is 1.5.",
    },
  );
  assert.equal(healthy.level, 1);
});

test("what an action says of its run is told as text, whatever it is", {
  timeout: TEST_MS,
}, async () => {
  class Odd extends Thing {
    @action("Says what is not text") run(_: Record<string, never>, run: Invocation): void {
      Reflect.apply(run.progress, run, [Number.NaN, 5n]);
      Reflect.apply(run.log.info, run.log, [7n]);
    }
  }
  const { host } = await hostWith({ odd: new Odd() });
  const record = host.get("odd").invoke("run", {});
  await record.ended;
  assert.equal(record.status, "completed");
  const told = JSON.stringify([record.progress, record.log.map(({ message }) => message)]);
  assert.equal(told, '[{"fraction":0,"message":"5"},["7"]]');
});
