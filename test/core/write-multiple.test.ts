import assert from "node:assert/strict";
import { test } from "node:test";
import { property, Thing } from "thingscope";
import { Type } from "typebox";
import { TEST_MS } from "../limits.ts";
import { served } from "../server/thing-bench.ts";

const options = { timeout: TEST_MS };

/** Its second property fails, after a first that takes time, or cannot be read. */
class Bench extends Thing {
  #slow = 1;
  isTorn = false;
  @property("Takes time", Type.Number(), { set: "setSlow" }) get slow(): number {
    return this.#slow;
  }
  async setSlow(value: number): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#slow = value;
  }
  @property("Cannot always be read", Type.Number()) get torn(): number {
    if (this.isTorn) throw new Error("The cable was pulled.");
    return 1;
  }
  set torn(_: number) {}
  @property("Refuses", Type.Number(), { set: "refuse" }) get refusing(): number {
    return 1;
  }
  async refuse(): Promise<void> {
    throw new Error("It does not want to.");
  }
  override open(): void {
    if (this.isTorn)
      throw Object.assign(new Error("EBUSY: resource busy, open '/dev/video0'"), { code: "EBUSY" });
  }
}

test(
  "a property that cannot be read is set all the same, and named when it cannot be restored",
  options,
  async (t) => {
    const bench = new Bench();
    const { host } = await served(t, { bench });
    bench.isTorn = true;
    await host.get("bench").writeProperties({ torn: 5, slow: 2 });
    assert.equal(bench.slow, 2);
    await assert.rejects(
      host.get("bench").writeProperties({ torn: 5, refusing: 2 }),
      /Could not be restored: 'torn' \(it could not be read before: The cable was pulled\.\)/,
    );
  },
);

test(
  "a disconnection is counted in /metrics, and a busy video device is told in plain words",
  options,
  async (t) => {
    const bench = new Bench();
    const { host, metric } = await served(t, { bench }, { host: { reopenAfterMs: [1, 1] } });
    bench.isTorn = true;
    const reasons: (string | undefined)[] = [];
    const isBusy = new Promise<void>((resolve) =>
      host.onState(({ reason }) => {
        reasons.push(reason);
        if (reason?.includes("fuser")) resolve();
      }),
    );
    bench.context.disconnected("The cable is out.");
    await isBusy;
    assert.deepEqual(await metric("thingscope_thing_disconnections_total"), [
      'thingscope_thing_disconnections_total{thing="bench"} 1',
    ]);
    assert.match(reasons.join("\n"), /The camera is busy: another program has it open\./);
  },
);

test("what another client has set meanwhile is not set back", options, async (t) => {
  const bench = new Bench();
  const { host } = await served(t, { bench });
  const hosted = host.get("bench");
  let refuse = () => {};
  bench.refuse = () =>
    new Promise((_, reject) => (refuse = () => reject(new Error("It does not want to."))));
  const several = hosted.writeProperties({ slow: 5, refusing: 2 });
  const refused = assert.rejects(several, {
    message: /Could not be restored: 'slow' \(another client has set it since\)\.$/,
  });
  while (bench.slow !== 5) await new Promise((next) => setImmediate(next));
  await hosted.writeProperty("slow", 7);
  refuse();
  await refused;
  assert.equal(bench.slow, 7);
});
