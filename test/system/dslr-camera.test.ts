// gphoto2 is a stub that prints what the real one prints: no still camera is here.
import assert from "node:assert/strict";
import { test } from "node:test";
import { gphotoSettings } from "../../src/sources/gphoto-config.ts";
import { openTestHost } from "../../src/testing/index.ts";
import { DslrCamera } from "../../things/index.ts";
import { patience, TEST_MS, WAIT_MS } from "../limits.ts";
import { needsLong } from "../needs.ts";
import { describedAt, kwargsOnPage, untilItHolds, watched } from "./cameras.ts";
import { StubDevice } from "./stub-device.ts";

const timeout = TEST_MS;
const CANON = {
  "/main/imgsettings/iso": "100",
  "/main/imgsettings/imageformat": "Large Fine JPEG",
  "/main/capturesettings/shutterspeed": "1/60",
  "/main/settings/reviewtime": 2,
};

test("the live view of a still camera pauses for a setting and for a picture of full size", {
  timeout,
}, async (t) => {
  const canon = await StubDevice.create(t, "gphoto2.cjs", ["gphoto2"]);
  await canon.plug(CANON);
  const { bench, frame } = await watched(t, DslrCamera, kwargsOnPage("DslrCamera"));
  const { run, width } = await frame();
  assert.equal(width, 64);
  const client = await bench.client();
  const property = await describedAt(bench.url);
  assert.deepEqual(property("iso").enum, ["Auto", "100", "200", "400"]);
  assert.deepEqual(property("iso")["@type"], "ExposureControl");
  assert.equal(property("batterylevel").readOnly, true);
  assert.deepEqual([property("opcode"), property("d049")], [{}, {}]);

  await client.write("iso", "400");
  assert.equal((await canon.values())["/main/imgsettings/iso"], "400");
  assert.equal(await client.read("iso"), "400");
  assert.notEqual((await frame()).run, run);
  await assert.rejects(client.write("shutterspeed", "bulb"), {
    code: "SOURCE_FAILED",
    message: /Failed to set new value bulb|Bad parameters/,
  });
  await frame();

  const still = await bench.thing.takeStill(patience());
  assert.deepEqual([still.width, still.height], [128, 96]);
  await frame();
  await client.write("imageformat", "RAW");
  await assert.rejects(bench.thing.takeStill(patience()), /set its image format to one with JPEG/);
});

test("a still camera that is switched off is disconnected, and has its settings again when it is on", {
  timeout,
}, async (t) => {
  const canon = await StubDevice.create(t, "gphoto2.cjs", ["gphoto2"]);
  await canon.plug(CANON);
  const { bench, frame, until } = await watched(t, DslrCamera, {});
  await frame();
  await (await bench.client()).write("iso", "200");
  await canon.unplug();
  assert.match(await until("disconnected"), /Switch it on/);
  await canon.plug(CANON); // it has forgotten what was set
  await until("streaming");
  assert.equal((await canon.values())["/main/imgsettings/iso"], "200");
});

test("what was set is set again by the next server, also where the camera comes later", {
  ...needsLong(),
  timeout,
}, async (t) => {
  const canon = await StubDevice.create(t, "gphoto2.cjs", ["gphoto2"]);
  const settings = { iso: "400", reviewtime: 6 };
  for (const isLate of [false, true]) {
    if (!isLate) await canon.plug(CANON);
    const kwargs = { keep_warm: true };
    const bench = await openTestHost(DslrCamera, { kwargs, settings });
    if (isLate) await bench.untilProperty("state", isDisconnected, { withinMs: WAIT_MS });
    if (isLate) await canon.plug(CANON);
    await untilItHolds(async () => {
      assert.equal((await canon.values())["/main/imgsettings/iso"], "400");
      assert.equal((await canon.values())["/main/settings/reviewtime"], "6");
    });
    await bench.close();
    await canon.unplug();
  }
});

function isDisconnected(state: unknown): boolean {
  return Object(state).state === "disconnected";
}

test("the list of an older gphoto2, which ends no setting, is read; what is odd is left out", () => {
  const text = `/main/imgsettings/iso
Label: ISO Speed
Type: RADIO
Current: Auto
Choice: 0 Auto
Choice: 1 100
/main/actions/uilock
Label: UI Lock
Type: TOGGLE
Current: 2
/main/settings/uilock2
Label: UI Lock
Type: TOGGLE
Current: 2
/main/capturesettings/iso
Label: ISO
Type: TEXT
Current: 3
not a path
`;
  const found = gphotoSettings(text).map(({ name, path, value }) => [name, path, value]);
  assert.deepEqual(found, [
    ["iso", "/main/imgsettings/iso", "Auto"],
    ["capturesettings-iso", "/main/capturesettings/iso", "3"],
  ]);
});

test("what gphoto2 says leads to a sentence by its number, in each language", () => {
  class Said extends DslrCamera {
    of(line: string): string {
      return this.known(["*** Fehlermeldung", line])?.message ?? "";
    }
  }
  const camera = new Said();
  for (const [line, sentence] of [
    ["*** Fehler (-105: 'Unbekanntes Modell') ***", /Switch it on, connect it by USB/],
    ["*** Erreur (-53: 'Impossible de réclamer le périphérique USB') ***", /plugdev/],
    ["*** Fehler (-110: 'Ein-/Ausgabe läuft') ***", /stores a picture, or shows a menu/],
    ["*** Error (-115: 'Not enough free space') ***", /card is full/],
    ["*** Fehler (-10: 'Zeitüberschreitung') ***", /went to sleep/],
  ] as const)
    assert.match(camera.of(line), sentence);
  assert.equal(camera.of("*** Fehler (-2: 'Ungültige Parameter') ***"), "");
});
