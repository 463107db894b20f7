import assert from "node:assert/strict";
import { test } from "node:test";
import { silentLog } from "../../src/base/log.ts";
import { CameraNames } from "../../src/cli/camera-names.ts";
import { CameraIdentities } from "../../src/discovery/camera-identities.ts";
import { nodeOf, V4l2Cameras } from "../../src/discovery/v4l2-cameras.ts";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { FakeSystem } from "./fake-system.ts";

/** Which camera is at which port, in the order of their numbers: `{ A: "1" }`. */
type Plugged = Readonly<Record<string, string>>;

interface Row {
  readonly holds: string;
  /** By camera; undefined for one that has none. */
  readonly serials: Readonly<Record<string, string | undefined>>;
  /** What is plugged in in each run of the server, and the Thing that each camera is then: settings are kept by that name. */
  readonly runs: readonly (readonly [plugged: Plugged, things: Plugged])[];
}

const [ONE, TWO, THREE, FOUR] = ["acme-webcam", "acme-webcam-2", "acme-webcam-3", "acme-webcam-4"];
const BOTH = { A: "1", B: "2" };

const ROWS: readonly Row[] = [
  ...[undefined, "0001", "SN0001", "A1B2C3"].map((serial) => ({
    holds: `two cameras of serial number ${serial} stay what they are at their ports, in any order, and the port decides where they were swapped`,
    serials: { A: serial, B: serial },
    runs: [
      [BOTH, { A: ONE, B: TWO }],
      [
        { B: "2", A: "1" },
        { A: ONE, B: TWO },
      ],
      [
        { A: "2", B: "1" },
        { A: TWO, B: ONE },
      ],
      [{ B: "2" }, { B: TWO }],
      [{ A: "1" }, { A: ONE }],
    ] as const,
  })),
  ...[undefined, "0001", "SN0001", "01.00.00", "0123456789ABCDEF", "200901010001"].map(
    (serial) => ({
      holds: `a camera of serial number ${serial} that comes to another port while the first one is away is not taken for it`,
      serials: { A: serial, B: serial },
      runs: [
        [{ A: "1" }, { A: ONE }],
        [{ B: "2" }, { B: TWO }],
        [
          { A: "1", B: "2" },
          { A: ONE, B: TWO },
        ],
      ] as const,
    }),
  ),
  {
    holds:
      "cameras with serial numbers of their own are the same at one another's ports, and behind a hub",
    serials: { A: "A1B2C3", B: "D4E5F6" },
    runs: [
      [BOTH, { A: ONE, B: TWO }],
      [
        { A: "2", B: "1" },
        { A: ONE, B: TWO },
      ],
      [
        { B: "3.1", A: "3.2" },
        { A: ONE, B: TWO },
      ],
      [{ B: "3.2" }, { B: TWO }],
    ],
  },
  {
    holds:
      "a hub that was moved makes cameras without serial numbers new ones, and back at its port the old ones again",
    serials: { A: undefined, B: undefined },
    runs: [
      [
        { A: "1.1", B: "1.2" },
        { A: ONE, B: TWO },
      ],
      [
        { A: "3.1", B: "3.2" },
        { A: THREE, B: FOUR },
      ],
      [
        { B: "1.2", A: "1.1" },
        { A: ONE, B: TWO },
      ],
    ],
  },
  {
    holds:
      "the second of one number that comes to the first has an identity of its own, and each keeps it alone",
    serials: { A: "A1B2C3", B: "A1B2C3" },
    runs: [
      [{ A: "1" }, { A: ONE }],
      [
        { B: "2", A: "1" },
        { A: ONE, B: TWO },
      ],
      [{ B: "2" }, { B: TWO }],
      [{ B: "3" }, { B: THREE }],
      [{ A: "1" }, { A: ONE }],
    ],
  },
];

for (const { holds, serials, runs } of ROWS) {
  test(holds, { timeout: TEST_MS }, async () => {
    const settings = await temporaryFolder("thingscope-identical-");
    for (const [n, [plugged, things]] of runs.entries())
      assert.deepEqual(await thingsOf(settings, plugged, serials), things, `run ${n + 1}`);
  });
}

/** The Thing that each camera is in one run of a server. */
async function thingsOf(
  settings: string,
  plugged: Plugged,
  serials: Row["serials"],
): Promise<Plugged> {
  const system = await FakeSystem.create();
  const ports = Object.entries(plugged);
  for (const [number, [camera, port]] of ports.entries()) {
    const serial = serials[camera];
    await system.plug(number, { port, ...(serial !== undefined && { serial }) });
  }
  const identities = new CameraIdentities();
  const names = new CameraNames(settings, { taken: [], identities, log: silentLog });
  await names.load();
  const finder = new V4l2Cameras({
    roots: system.roots,
    identities,
    details: async () => undefined,
  });
  const found = await finder.list();
  const things = found.map((camera, at) => [ports[at]![0], names.give(camera).name]);
  await names.save();
  return Object.fromEntries(things.sort());
}

test("a configuration that names a camera by a number that two have is told to name the port, and one that has it alone is found", {
  timeout: TEST_MS,
}, async () => {
  for (const serial of ["0001", "A1B2C3"]) {
    const system = await FakeSystem.create();
    const id = `usb-046d:0825-${serial}`;
    const unplug = await system.plug(0, { port: "1", serial });
    const options = () => ({ roots: system.roots, identities: new CameraIdentities() });
    assert.equal((await nodeOf(id, options())).node, "video0");
    await system.plug(1, { port: "2", serial });
    await assert.rejects(nodeOf(id, options()), {
      code: "NOT_READY",
      message: new RegExp(
        `^Several cameras may be '${id}', so the port tells which one is meant\\. Name one of these in its place: ${id}@\\S+/1, ${id}@\\S+/2\\.$`,
      ),
    });
    const [first] = await new V4l2Cameras({ ...options(), details: async () => undefined }).list();
    await unplug();
    await assert.rejects(nodeOf(first!.id, options()), /is not plugged in/);
  }
});
