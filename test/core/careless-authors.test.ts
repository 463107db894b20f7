// What authors give who write JavaScript, where no compiler looks: refused with a sentence, and nothing is added.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Thing } from "thingscope";
import { Type } from "typebox";

class Sample extends Thing {}

type Adding = "addProperty" | "addAction" | "addEvent";
const schema = Type.Number();
const of = {
  addProperty: { name: "gain", title: "Gain", schema, read: () => 1 },
  addAction: { name: "gain", title: "Gain", run: () => {} },
  addEvent: { name: "gain", title: "Gain", schema },
};
const SWITCH = /has a value of '\w+' that is neither true nor false\./;
const OBJECT = /^Sample: add\w+\(\) needs an object, e\.g\. /;

const wrong: [Adding, unknown, RegExp][] = [
  ...(Object.keys(of) as Adding[]).flatMap((adding) =>
    [undefined, null, 5, "gain"].map((given): [Adding, unknown, RegExp] => [adding, given, OBJECT]),
  ),
  ...["observable", "saved", "useGlobalLock"].map((one): [Adding, unknown, RegExp] => [
    ...(["addProperty", { ...of.addProperty, [one]: "no" }, SWITCH] as const),
  ]),
  ...["safe", "idempotent", "synchronous", "useGlobalLock"].map(
    (one): [Adding, unknown, RegExp] => [
      ...(["addAction", { ...of.addAction, [one]: 0 }, SWITCH] as const),
    ],
  ),
  ["addProperty", { ...of.addProperty, write: "set" }, /The write of property 'gain' is not a/],
  ["addProperty", { ...of.addProperty, schema: [] }, /The schema of property 'gain' .* object/],
  ["addAction", { ...of.addAction, releases: "yes" }, /has a releases that is neither/],
  ["addEvent", { name: "gain", title: "Gain" }, /The event 'gain' has no schema\. Specify/],
  [
    "addEvent",
    { ...of.addEvent, role: "" },
    /is for a role that does not exist\. Write push, view/,
  ],
];

test("what is added with a wrong type is refused, and says what to write", () => {
  const thing = new Sample();
  for (const [adding, given, message] of wrong) {
    const add = () => Reflect.apply(thing[adding], thing, [given]);
    assert.throws(add, { code: "BAD_ARGUMENT", message }, `${adding} ${JSON.stringify(given)}`);
  }
  for (const name of [undefined, 5, "__proto__"] as never[]) {
    const unknown = { code: "UNKNOWN_AFFORDANCE", message: /It has none\./ };
    for (const remove of ["removeProperty", "removeAction", "removeEvent"] as const)
      assert.throws(() => thing[remove](name), unknown);
    assert.throws(() => thing.changeSchema(name, schema), unknown);
  }
  thing.addProperty(of.addProperty);
  for (const none of [undefined, null, 5, "number", []] as never[])
    assert.throws(() => thing.changeSchema("gain", none), {
      code: "BAD_ARGUMENT",
      message:
        "The schema of property 'gain' of Sample is not an object. Write one, e.g. { type: \"number\" }.",
    });
});
