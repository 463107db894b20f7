import assert from "node:assert/strict";
import { test } from "node:test";
import { clockOffset } from "../../../src/base/fleet-clock.ts";
import { wallClock } from "../../../src/base/wall-clock.ts";
import { patience, TEST_MS } from "../../limits.ts";
import { needsLong, needsRoot } from "../../needs.ts";
import { Machines } from "./machines.ts";
import { memberFor } from "./members.ts";
import { sharedNats } from "./nats-server.ts";

interface Clock {
  readonly reference: string;
  readonly offsetMs: number;
  readonly uncertaintyMs: number;
}

test("the member whose clock is the fleet's is not ahead of itself, also when that clock was just set", {
  timeout: TEST_MS,
}, async (t) => {
  const { url, fleet } = await sharedNats();
  await memberFor(t, { servers: [url], name: "one", fleet });
  for (const signal = patience(); !clockOffset(); signal.throwIfAborted())
    await new Promise((resolve) => setTimeout(resolve, 10));
  t.after(wallClock.readFrom(() => Date.now() + 3_600_000));
  assert.deepEqual(clockOffset(), { reference: "one", offsetMs: 0, uncertaintyMs: 0 });
});

test("members know how far their clocks are ahead of the fleet's, and how exactly, and tell it", {
  timeout: TEST_MS,
  ...needsLong(needsRoot("makes network namespaces")),
}, async (t) => {
  const machines = await Machines.three(t);
  await Promise.all([1, 2, 3].map((n) => machines.startBroker(n)));
  const aheads = [0, 250, -1800];
  await Promise.all(aheads.map((aheadMs, n) => machines.startMember(n + 1, { aheadMs })));
  const at = (n: number, path: string) => fetch(`http://${machines.address(n)}:5000${path}`);
  const clockAt = async (n: number): Promise<Clock | null> =>
    Object(await (await at(n, "/health")).json()).fleet.clock;
  const signal = patience();
  for (const [n, ahead] of aheads.entries()) {
    let clock = await clockAt(n + 1);
    while (clock?.reference !== "m1") {
      signal.throwIfAborted();
      await new Promise((resolve) => setTimeout(resolve, 50));
      clock = await clockAt(n + 1);
    }
    const error = clock.offsetMs - ahead;
    t.diagnostic(
      `m${n + 1}: ${ahead} ms ahead, measured with an error of ${error.toFixed(3)} ms ± ${clock.uncertaintyMs.toFixed(3)} ms`,
    );
    assert.ok(Math.abs(error) <= clock.uncertaintyMs + 2, JSON.stringify(clock)); // both read whole milliseconds
    assert.ok(clock.uncertaintyMs < 50, JSON.stringify(clock));
  }
  const metrics = await (await at(2, "/metrics")).text();
  assert.match(metrics, /^thingscope_fleet_clock_offset_seconds\{reference="m1"\} 0\.2/m);
});
