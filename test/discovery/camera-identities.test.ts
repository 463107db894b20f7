import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { CameraIdentities, MOST_IDENTITIES } from "../../src/discovery/camera-identities.ts";
import { V4l2Cameras } from "../../src/discovery/v4l2-cameras.ts";
import type { VideoNode } from "../../src/discovery/video-nodes.ts";
import { TEST_MS } from "../limits.ts";
import { fc, runs } from "../property.ts";
import { FakeSystem } from "./fake-system.ts";

/** Five cameras: two that nobody can mistake, two with one serial number, two without any, which also are of one model. */
const CAMERAS = ["A1", "B2", "DUP", "DUP", undefined, undefined];
const PORTS = ["1", "2", "1.1", "1.2", "4"];

/** Takes a camera out of its port, puts one into a free port, or restarts the server; several before anybody looks. */
const Step = fc.record({
  camera: fc.nat({ max: CAMERAS.length - 1 }),
  port: fc.nat({ max: PORTS.length - 1 }),
  number: fc.nat({ max: 9 }),
  looks: fc.boolean(),
  restarts: fc.boolean(),
});
type Step = typeof Step extends fc.Arbitrary<infer T> ? T : never;

/** Where each camera is, after each step. */
function* lives(steps: readonly Step[]) {
  const places = new Map<number, { port: string; number: number }>();
  for (const { camera, port, number, ...rest } of steps) {
    const wanted = PORTS[port]!;
    const isTaken = [...places.values()].some(
      (place) => place.port === wanted || place.number === number,
    );
    const wasThere = places.delete(camera);
    if (!wasThere && !isTaken) places.set(camera, { port: wanted, number });
    yield { places, ...rest };
  }
}

function nodeOf(camera: number, { port, number }: { port: string; number: number }): VideoNode {
  const serial = CAMERAS[camera];
  const usb = { vendor: "046d", product: "0825", serial, name: "", interface: "00", port };
  return {
    ...{
      node: `video${number}`,
      path: `/dev/video${number}`,
      name: "",
      index: 0,
      driver: "uvcvideo",
    },
    ...{ device: `1-${port}:1.0`, usb: { ...usb, bus: 1, speed: 480, plugged: "1" } },
  };
}

/** Holds the ids of each look against what is known of the cameras. @throws when one was taken for another. */
class Witness {
  readonly #cameraOf = new Map<string, number>();
  #before = new Map<number, string>();
  readonly #dupAt = new Map<string, string>();
  #isTold = false;

  look(ids: ReadonlyMap<number, { id: string; port: string }>): void {
    const all = [...ids.values()].map(({ id }) => id);
    assert.equal(new Set(all).size, all.length, "two cameras have one id");
    this.#isTold ||= ids.has(2) && ids.has(3); // that the serial number is on two cameras
    for (const [camera, { id, port }] of ids) {
      const isUnique = camera < 2;
      if (isUnique) assert.equal(this.#cameraOf.get(id) ?? camera, camera, "a swap");
      if (isUnique) this.#cameraOf.set(id, camera);
      const isByPort = camera > 3 || this.#isTold;
      if (!isUnique && isByPort) {
        const place = `${CAMERAS[camera]} ${port}`;
        assert.equal(this.#dupAt.get(place) ?? id, id, "another camera at one port");
        this.#dupAt.set(place, id);
      }
      const stayed = this.#before.get(camera);
      if (isUnique && stayed !== undefined) assert.equal(id, stayed, "it has another id");
    }
    const unique = [...ids].filter(([camera]) => camera < 2);
    for (const [camera, { id }] of unique) this.#before.set(camera, id);
  }
}

test("F03: cameras are never taken for one another, in 200 sequences of plugging, unplugging and renumbering", () => {
  fc.assert(
    fc.property(fc.array(Step, { maxLength: 40 }), (steps) => {
      let identities = new CameraIdentities();
      const witness = new Witness();
      for (const { places, looks, restarts } of lives(steps)) {
        if (restarts) {
          const known = identities.known;
          identities = new CameraIdentities();
          identities.remember(known);
        }
        if (!looks) continue;
        const nodes = new Map(
          [...places].map(([camera, place]) => [camera, nodeOf(camera, place)]),
        );
        const ids = identities.identify([...nodes.values()]);
        const seen = [...nodes].map(([camera, node]) => {
          return [camera, { id: ids.get(node)!, port: node.usb!.port }] as const;
        });
        witness.look(new Map(seen));
      }
    }),
    { numRuns: runs(200) },
  );
});

test("the same holds of a sysfs on disk", { timeout: TEST_MS }, async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(Step, { minLength: 5, maxLength: 15 }), async (steps) => {
      const system = await FakeSystem.create();
      const identities = new CameraIdentities();
      const finder = new V4l2Cameras({
        roots: system.roots,
        identities,
        details: async () => undefined,
      });
      const witness = new Witness();
      const plugged = new Map<
        number,
        { unplug: () => Promise<void>; port: string; number: number }
      >();
      for (const { places, looks } of lives(steps)) {
        for (const [camera, { unplug }] of plugged) {
          if (places.has(camera)) continue;
          await unplug();
          plugged.delete(camera);
        }
        for (const [camera, { port, number }] of places) {
          if (plugged.has(camera)) continue;
          const serial = CAMERAS[camera];
          const unplug = await system.plug(number, { port, ...(serial && { serial }) });
          plugged.set(camera, { unplug, port, number });
        }
        if (!looks) continue;
        const found = await finder.list();
        assert.equal(found.length, plugged.size);
        const idAt = new Map(found.map(({ address, id }) => [address, id]));
        const seen = [...plugged].map(([camera, { port, number }]) => {
          return [
            camera,
            { id: idAt.get(join(system.roots.dev, `video${number}`))!, port },
          ] as const;
        });
        witness.look(new Map(seen));
      }
    }),
    { numRuns: runs(8) },
  );
});

test(`of more than ${MOST_IDENTITIES} cameras the one seen least recently is forgotten`, () => {
  const identities = new CameraIdentities();
  for (let number = 0; number <= MOST_IDENTITIES; number++) identities.expect(`usb-1:2-${number}`);
  assert.equal(identities.known.length, MOST_IDENTITIES);
  assert.ok(!identities.known.some(({ id }) => id === "usb-1:2-0"));
});
