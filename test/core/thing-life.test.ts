// Opening and closing a Thing, whatever overlaps, hangs or goes away.
import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { action, type HostOptions, slot, Thing, ThingError, ThingHost } from "thingscope";
import { within } from "../../src/base/abort.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";

/** Hardware that is counted: how often it was taken, and whether it is held. */
class Port extends Thing {
  taken = 0;
  isHeld = false;
  closes = 0;
  override async open(): Promise<void> {
    this.taken += 1;
    this.isHeld = true;
  }
  override close(): void | Promise<void> {
    this.closes += 1;
    this.isHeld = false;
  }
  @action("Go") async go(): Promise<void> {}
}

/** Opens when it is told to. */
class Slow extends Port {
  readonly opens: (() => void)[] = [];
  #begun: () => void = () => {};
  readonly begun = new Promise<void>((resolve) => {
    this.#begun = resolve;
  });
  override async open(): Promise<void> {
    const nth = this.opens.length;
    await new Promise<void>((resolve) => {
      this.opens.push(resolve);
      this.#begun();
    });
    this.taken = nth + 1;
    this.isHeld = true;
  }
}

function hostOf(things: Record<string, Thing>, options: HostOptions = {}): ThingHost {
  const host = new ThingHost(options);
  for (const [name, thing] of Object.entries(things)) host.add(name, thing);
  return host;
}

/** Waits for the Thing to be in a state. @throws after `WAIT_MS`. */
async function untilState(host: ThingHost, name: string, state: string): Promise<void> {
  if (host.get(name).state === state) return;
  let end = () => {};
  const seen = new Promise<void>((resolve) => {
    end = host.onState((hosted) => hosted.name === name && hosted.state === state && resolve());
  });
  const never = () => new ThingError("INTERNAL", `'${name}' is never ${state}.`);
  await within(seen, WAIT_MS, never).finally(end);
}

test("close during open leaves nothing open, and opens nothing that had not begun", {
  timeout: TEST_MS,
}, async () => {
  const slow = new Slow();
  const next = new Port();
  const host = hostOf({ slow, next });
  const opening = host.open();
  await slow.begun;
  const closing = host.close();
  slow.opens[0]?.();
  await Promise.all([opening, closing]);
  assert.deepEqual([slow.taken, slow.isHeld, host.get("slow").state], [1, false, "closed"]);
  assert.deepEqual([next.taken, next.isHeld, host.get("next").state], [0, false, "closed"]);
});

test("close during an open that hangs breaks it off, and what it takes later is released", {
  timeout: TEST_MS,
}, async () => {
  const slow = new Slow();
  const host = hostOf({ slow }, { closeWithinMs: 200 });
  const opening = host.open();
  await slow.begun;
  await host.close();
  await opening;
  assert.deepEqual([host.get("slow").state, slow.closes], ["closed", 1]);
  slow.opens[0]?.();
  while (slow.closes < 2) await new Promise(setImmediate);
  assert.equal(slow.isHeld, false);
});

test("an open that ends after its time does not close what a retry has opened since", {
  timeout: TEST_MS,
}, async () => {
  const slow = new Slow();
  const host = hostOf({ slow }, { openWithinMs: 1000 });
  await host.open();
  assert.equal(host.get("slow").state, "failed");
  const retry = host.openThing("slow");
  while (slow.opens.length < 2) await new Promise(setImmediate);
  slow.opens[1]?.();
  await retry;
  assert.equal(host.get("slow").state, "open");
  const { closes } = slow;
  slow.opens[0]?.();
  await host.openThing("slow"); // what the late one would do has been done by now
  await new Promise(setImmediate);
  assert.deepEqual([slow.closes, slow.isHeld], [closes, true]);
  await host.close();
  assert.equal(slow.isHeld, false);
});

test("an open that ends late, before the next attempt, is closed before that begins", {
  timeout: TEST_MS,
}, async () => {
  const slow = new Slow();
  const host = hostOf({ slow }, { openWithinMs: 1000 });
  await host.open();
  const { closes } = slow;
  const retry = host.openThing("slow");
  slow.opens[0]?.();
  while (slow.opens.length < 2) await new Promise(setImmediate);
  assert.deepEqual([slow.closes, slow.isHeld], [closes + 1, false]);
  slow.opens[1]?.();
  await retry;
  assert.deepEqual([host.get("slow").state, slow.isHeld], ["open", true]);
  await host.close();
});

test("opening, opening again and closing may overlap in any order: the last one decides", {
  timeout: TEST_MS,
}, async () => {
  class Checked extends Port {
    #busy = false;
    override async open(): Promise<void> {
      await this.#alone(() => super.open());
    }
    override async close(): Promise<void> {
      await this.#alone(async () => super.close());
    }
    async #alone(work: () => Promise<void>): Promise<void> {
      assert.equal(this.#busy, false, "open and close run at the same time");
      this.#busy = true;
      await new Promise(setImmediate);
      await work();
      this.#busy = false;
    }
  }
  let seed = 1;
  const random = () => {
    seed = (seed * 48271) % 2147483647;
    return seed / 2147483647;
  };
  for (let round = 0; round < 50; round++) {
    const port = new Checked();
    const host = hostOf({ port });
    const calls: Promise<unknown>[] = [];
    for (let n = 0; n < 6; n++) {
      const which = random();
      calls.push(which < 0.4 ? host.open() : which < 0.7 ? host.openThing("port") : host.close());
      if (random() < 0.5) await new Promise(setImmediate);
    }
    calls.push(host.close());
    await Promise.all(calls);
    await host.close();
    assert.deepEqual([host.get("port").state, port.isHeld], ["closed", false]);
  }
});

test("Things that hang take the time of no other: those that they work with close too, within one deadline", {
  timeout: TEST_MS,
}, async () => {
  class Stuck extends Thing {
    @slot("What it works with", Port) accessor port!: Port;
    override close(): Promise<void> {
      return new Promise(() => {});
    }
  }
  const port = new Port();
  const host = hostOf({ port, one: new Stuck(), two: new Stuck() }, { closeWithinMs: 300 });
  await host.open();
  const began = new Elapsed();
  await host.close();
  assert.equal(port.isHeld, false);
  assert.ok(began.ms < 5000);
});

test("a Thing closes before those in its slots, and the others do not wait for it", {
  timeout: TEST_MS,
}, async () => {
  const order: string[] = [];
  class Noted extends Port {
    override close(): void {
      order.push(this.name);
    }
  }
  class User extends Thing {
    @slot("What it works with", Noted, { by: "used" }) accessor used!: Noted;
    override async close(): Promise<void> {
      while (!order.includes("other")) await new Promise(setImmediate);
      order.push(this.name);
    }
  }
  const host = hostOf({ used: new Noted(), user: new User(), other: new Noted() });
  await host.open();
  await host.close();
  assert.deepEqual(order, ["other", "user", "used"]);
});

test("a Thing that becomes disconnected is refused with its reason, and opened again", {
  timeout: TEST_MS,
}, async () => {
  class User extends Thing {
    @slot("What it works with", Port) accessor port!: Port;
    @action("Go there") async goThere(): Promise<void> {
      await this.port.go();
    }
  }
  const port = new Port();
  let isPlugged = true;
  port.open = async () => {
    port.taken += 1;
    if (!isPlugged) throw new Error("There is no port.");
    port.isHeld = true;
  };
  const host = hostOf({ port, user: new User() }, { reopenAfterMs: [20, 40] });
  await host.open();
  isPlugged = false;
  port.context.disconnected("The cable is out.");
  const hosted = host.get("port");
  assert.deepEqual([hosted.state, hosted.reason], ["disconnected", "The cable is out."]);
  assert.throws(() => hosted.invoke("go", {}), {
    code: "NOT_READY",
    message:
      "Thing 'port' cannot run action 'go': it is disconnected: The cable is out. It is reopened automatically, after a pause.",
  });
  const run = host.get("user").invoke("goThere", {});
  await run.ended;
  assert.match(String(run.error?.message), /Thing 'port' cannot run action 'go'/);
  while (port.taken < 4)
    await untilState(host, "port", "opening").then(() => untilState(host, "port", "disconnected"));
  assert.equal(hosted.reason, "There is no port.");
  isPlugged = true;
  await untilState(host, "port", "open");
  assert.deepEqual([port.isHeld, hosted.disconnections], [true, 1]);
  await host.close();
  assert.equal(port.isHeld, false);
});

test("a disconnected Thing is opened by hand at once, and by nobody after the host was closed", {
  timeout: TEST_MS,
}, async () => {
  const port = new Port();
  const host = hostOf({ port }, { reopenAfterMs: [60_000, 60_000] });
  await host.open();
  port.context.disconnected("The cable is out.");
  assert.equal((await host.openThing("port")).state, "open");
  assert.equal(port.taken, 2);
  port.context.disconnected("The cable is out.");
  await host.close();
  assert.deepEqual([host.get("port").state, port.isHeld], ["closed", false]);
});

test("a host without a folder for settings has one of its own, which is gone when it closes", async () => {
  const port = new Port();
  const host = hostOf({ port });
  assert.equal(host.settingsFolder.startsWith(process.cwd()), false);
  await host.open();
  await host.close();
  assert.equal(existsSync(host.settingsFolder), false);
});
