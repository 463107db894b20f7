import assert from "node:assert/strict";
import { test } from "node:test";
import { toDataSchema } from "../../../src/core/data-schema.ts";
import { accept, misfitsIn } from "../../../src/core/schema.ts";
import { propertyName } from "../../../src/sources/v4l2/control-names.ts";
import { controlProperty } from "../../../src/sources/v4l2/control-property.ts";
import type { V4l2Control } from "../../../src/sources/v4l2/messages.ts";
import { AUTO_EXPOSURE, controlsOf, EXPOSURE_TIME } from "./stand-in-device.ts";

const controls = controlsOf({}) as unknown as V4l2Control[];
const nameOf = (id: number) => ({ name: `control_${id}`, value: "3" });

function propertyOf(name: string, change: Partial<V4l2Control> = {}) {
  const control = controls.find((one) => one.name === name);
  assert.ok(control, name);
  const property = controlProperty({ ...control, ...change }, nameOf);
  assert.ok(property, name);
  return property;
}

for (const [name, schema] of [
  ["Brightness", { type: "integer", minimum: 0, maximum: 255, default: 128 }],
  ["Gain", { type: "integer", minimum: 1, maximum: 100, default: 1 }],
  [
    "White Balance Temperature",
    { type: "integer", minimum: 2800, maximum: 6500, multipleOf: 10, unit: "K", default: 4600 },
  ],
  ["White Balance, Automatic", { type: "boolean", default: true }],
  [
    "Auto Exposure",
    {
      ...{ type: "integer", default: 3 },
      enum: [1, 3],
      oneOf: [
        { const: 1, title: "Manual Mode" },
        { const: 3, title: "Aperture Priority Mode" },
      ],
    },
  ],
  [
    "Exposure Time, Absolute",
    { type: "integer", minimum: 3, maximum: 2047, unit: "100 us", default: 250 },
  ],
  ["Lens Name", { type: "string", minLength: 0, maxLength: 20 }],
  ["Locks", { type: "integer", minimum: 0, maximum: 7, default: 0 }],
  ["Counter", { type: "string", pattern: "^-?[0-9]{1,19}$" }],
  [
    "Gamma Curve",
    {
      ...{ type: "array", minItems: 3, maxItems: 3 },
      items: { type: "integer", minimum: 0, maximum: 1000 },
    },
  ],
] as const) {
  test(`the schema of '${name}' says what the device says`, () => {
    assert.deepEqual(toDataSchema(propertyOf(name).schema), schema);
  });
}

test("the entries of an integer menu are its values", () => {
  const { oneOf } = toDataSchema(propertyOf("Auto Exposure, Bias").schema);
  assert.deepEqual(oneOf, [
    { const: 0, title: "-1000" },
    { const: 1, title: "0" },
    { const: 2, title: "1000" },
  ]);
});

test("each value of a device fits the schema of its property, also one that the driver would refuse", () => {
  const odd: Partial<V4l2Control>[] = [
    {},
    { value: 7 },
    { value: -4 },
    { value: 70_000 },
    { min: 9, max: 3 },
    { default: 99_999 },
    { step: 0 },
    { menu: [] },
  ];
  for (const control of controls) {
    for (const change of odd) {
      if (typeof control.value !== "number" && "value" in change) continue;
      const changed = { ...control, ...change };
      const property = controlProperty(changed, nameOf);
      if (!property?.schema) continue;
      const value = property.fromWire(changed.value);
      assert.deepEqual(misfitsIn(property.schema, value), [], JSON.stringify(changed));
      if (property.initial === undefined) continue;
      accept(property.schema, property.initial, `The default of ${control.name}`);
    }
  }
});

test("a step from a minimum that is no multiple of it is told in words: a schema has no word for it", () => {
  assert.match(propertyOf("Gain").description, /In steps of 3 from 1: the camera rounds to them/);
});

test("an inactive control is read-only now, and says which other one governs it", () => {
  const { readOnly, description } = propertyOf("Exposure Time, Absolute");
  assert.match(readOnly ?? "", new RegExp(`'control_${AUTO_EXPOSURE}' governs it \\(3\\)`));
  assert.ok(description.endsWith(readOnly ?? "-"));
  assert.equal(propertyOf("Exposure Time, Absolute", { flags: [] }).readOnly, undefined);
  assert.match(propertyOf("Privacy").readOnly ?? "", /only reports it/);
  assert.match(propertyOf("Gain", { flags: ["grabbed"] }).readOnly ?? "", /while it streams/);
});

test("controls are told by their group, and buttons are actions", () => {
  assert.deepEqual(propertyOf("Exposure Time, Absolute").types, ["ExposureControl"]);
  assert.deepEqual(propertyOf("White Balance Temperature").types, ["WhiteBalanceControl"]);
  assert.deepEqual(propertyOf("Locks").types, ["CameraControl"]);
  const button = propertyOf("Auto Focus, Start");
  assert.deepEqual([button.kind, button.types], ["action", ["FocusControl"]]);
  assert.equal(propertyOf("Gain", { flags: ["write-only"] }).kind, "action");
});

test("what cannot be set by a value in JSON is left out, and so is a disabled control", () => {
  const compound = controls.find(({ type }) => type === "compound");
  assert.ok(compound);
  assert.equal(controlProperty(compound, nameOf), undefined);
  const [first] = controls;
  assert.equal(controlProperty({ ...first!, flags: ["disabled"] }, nameOf), undefined);
});

test("values reach the program as it takes them", () => {
  const wire = (name: string, value: unknown) => propertyOf(name).toWire(value);
  assert.equal(wire("Brightness", 7), "7");
  assert.equal(wire("White Balance, Automatic", false), "0");
  assert.equal(wire("Lens Name", "a b\n=é"), "a%20b%0A%3D%C3%A9");
  assert.equal(wire("Counter", "1152921504606846975"), "1152921504606846975");
  assert.equal(wire("Gamma Curve", [1, 2, 3]), "1,2,3");
});

test("names are those of V4L2 in snake case, and each is used once", () => {
  const taken = new Set(["state"]);
  const name = (text: string) => {
    const made = propertyName(text, (one) => taken.has(one));
    taken.add(made);
    return made;
  };
  assert.equal(name("Exposure Time, Absolute"), "exposure_time_absolute");
  assert.equal(name("Brightness"), "brightness");
  assert.equal(name("Brightness"), "brightness_2");
  assert.equal(name("State"), "state_2");
  assert.equal(name("3A Lock"), "control_3a_lock");
  assert.equal(name("曝光"), "control");
  assert.ok(name("x".repeat(300)).length <= 60);
  assert.equal(EXPOSURE_TIME, 0x009a_0902);
});

for (const elems of [0, 1, 3]) {
  test(`an array of any length that has ${elems} elements now can get as many as it has room for`, () => {
    const value = Array(elems).fill(4);
    const flags = ["dynamic-array", "has-payload"];
    const property = propertyOf("Gamma Curve", { elems, dims: [100], flags, value });
    const schema = toDataSchema(property.schema);
    assert.deepEqual([schema.type, schema.minItems, schema.maxItems], ["array", undefined, 100]);
    assert.deepEqual(property.fromWire(value), value);
    assert.equal(property.toWire([1, 2, 3, 4]), "1,2,3,4");
  });
}
