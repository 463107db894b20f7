import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { folderWith, type Served, serveWith } from "../cli/run-cli.ts";
import { patience, TEST_MS } from "../limits.ts";
import { needsLong } from "../needs.ts";
import { programsOn } from "./processes.ts";
import { until } from "./served-webcam.ts";
import { VirtualWebcam } from "./webcam/virtual-webcam.ts";

interface Listed {
  readonly title: string;
  readonly address: string;
  readonly connected: boolean;
  readonly thing: string;
}

const SIDES = ["left", "right"] as const;
type Side = (typeof SIDES)[number];
type BothOf<T> = Record<Side, T>;

const PORTS: BothOf<number> = { left: 3, right: 4 };
const BRIGHTNESS: BothOf<number> = { left: -11, right: 22 };

/** Two webcams that nothing but their ports tells apart, and the server that has found them. */
class Twins {
  readonly webcams: BothOf<VirtualWebcam>;
  nodes: BothOf<string> = { left: "", right: "" };
  server!: Served;

  constructor(identity: { readonly name: string; readonly serial?: string }) {
    this.webcams = { left: new VirtualWebcam(identity), right: new VirtualWebcam(identity) };
  }

  /** One after the other, so that the first one gets the lower number. As new: what they were set to is not in them. */
  async plugIn(...order: readonly Side[]): Promise<void> {
    for (const side of order) {
      this.webcams[side].controls.put("brightness", 0);
      this.nodes[side] = await this.webcams[side].plugIn(PORTS[side]);
    }
  }

  /** Resolves when nothing has their nodes open any more, so that their numbers are free. */
  async unplug(): Promise<void> {
    for (const side of SIDES) await this.webcams[side].unplug();
    const { pid = 0 } = this.server.child;
    await until(() => SIDES.every((side) => programsOn(this.nodes[side], pid).length === 0));
  }

  async serve(t: TestContext, folder: string): Promise<void> {
    this.server = await serveWith(t, { folder });
  }

  /** Which Thing each is, once both are connected. */
  async things(): Promise<BothOf<string>> {
    let found: Listed[] = [];
    await until(async () => {
      const response = await fetch(`${this.server.url}/cameras/cameras`, { signal: patience() });
      found = ((await response.json()) as Listed[]).filter(({ connected }) => connected);
      return SIDES.every((side) => found.some(({ address }) => address === this.nodes[side]));
    });
    const thingAt = (node: string) => found.find(({ address }) => address === node)!.thing;
    return { left: thingAt(this.nodes.left), right: thingAt(this.nodes.right) };
  }

  async put(thing: string, value: number): Promise<number> {
    const { status } = await fetch(`${this.server.url}/${thing}/brightness`, {
      ...{ method: "PUT", headers: { "content-type": "application/json" } },
      ...{ body: String(value), signal: patience() },
    });
    return status;
  }

  /** What has reached the devices, once anything has. */
  async reached(): Promise<BothOf<number>> {
    const now = (side: Side) => this.webcams[side].controls.get("brightness");
    await until(() => SIDES.every((side) => now(side) !== 0));
    return { left: now("left"), right: now("right") };
  }
}

for (const [kind, serial, needed] of [
  ["of one serial number", "SN0001", {}],
  ["without a serial number", undefined, needsLong()],
] as const) {
  test(`two webcams ${kind} keep their names and settings under each other's number, and when the server was restarted`, {
    timeout: TEST_MS * 2,
    ...needed,
  }, async (t) => {
    const twins = new Twins({ name: "Twin", ...(serial && { serial }) });
    t.after(() => Promise.all(SIDES.map((side) => twins.webcams[side].unplug())));
    const folder = await folderWith({});
    await twins.plugIn("left", "right");
    await twins.serve(t, folder);
    const before = { nodes: { ...twins.nodes }, things: await twins.things() };
    for (const side of SIDES)
      await until(async () => (await twins.put(before.things[side], BRIGHTNESS[side])) === 204);
    assert.deepEqual(await twins.reached(), BRIGHTNESS);

    await twins.unplug();
    await twins.plugIn("right", "left");
    assert.deepEqual(twins.nodes, { left: before.nodes.right, right: before.nodes.left });
    assert.deepEqual(await twins.things(), before.things);
    assert.deepEqual(await twins.reached(), BRIGHTNESS);

    await twins.server.stop();
    await twins.unplug();
    await twins.plugIn("left", "right");
    assert.deepEqual(twins.nodes, before.nodes);
    await twins.serve(t, folder);
    assert.deepEqual(await twins.things(), before.things);
    assert.deepEqual(await twins.reached(), BRIGHTNESS);
  });
}
