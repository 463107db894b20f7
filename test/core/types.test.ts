// The compiler is the test: each @ts-expect-error fails the build when the mistake below it is accepted.
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  action,
  event,
  type Invocation,
  property,
  setting,
  slot,
  Thing,
  ThingEvent,
} from "thingscope";
import { type Static, Type } from "typebox";
import { thingModelOf } from "../../src/core/thing-model.ts";

const Mode = Type.Enum(["auto", "manual"]);
const Move = Type.Object({ z: Type.Integer() });

class Stage extends Thing {}

class Right extends Thing {
  @property("A number", Type.Number()) accessor gain = 1;
  @setting("One of two", Mode) accessor mode: Static<typeof Mode> = "auto";
  @property("Computed", Type.Integer()) get double(): number {
    return this.gain * 2;
  }
  @event("Moved", Move) readonly moved = new ThingEvent<{ z: number }>();
  @slot("The stage", Stage) accessor stage!: Stage;
  @slot("Maybe a stage", Stage, { optional: true }) accessor spare: Stage | undefined;
  @slot("All stages", Stage, { many: true }) accessor stages!: ReadonlyMap<string, Stage>;
  @action("Move", { input: Move, output: Type.Number() }) async move(
    { z }: { z: number },
    run: Invocation,
  ): Promise<number> {
    run.signal.throwIfAborted();
    return z;
  }
  @action("No input") async home(): Promise<void> {}
}

class Wrong extends Thing {
  // @ts-expect-error the member is a string, its schema a number
  @property("Text for a number", Type.Number()) accessor text = "1";
  // @ts-expect-error the member is narrower than its schema
  @property("Narrower", Mode) accessor narrower: "auto" = "auto";
  // @ts-expect-error the member is wider than its schema
  @property("Wider", Type.Number()) accessor wider: number | undefined = 1;
  // @ts-expect-error the getter returns a string
  @property("Getter", Type.Number()) get getter(): string {
    return "1";
  }
  // @ts-expect-error the action's input is not its schema's
  @action("Input", { input: Move }) async input(_input: { z: string }): Promise<void> {}
  // @ts-expect-error the action's result is not its schema's
  @action("Output", { output: Type.Number() }) async output(): Promise<string> {
    return "1";
  }
  // @ts-expect-error the event's data is not its schema's
  @event("Event", Move) readonly event = new ThingEvent<{ z: string }>();
  // @ts-expect-error the slot holds another type
  @slot("Slot", Stage) accessor slot!: Right;
}

test("a plain field cannot be a property, also where types are not checked", () => {
  assert.throws(
    () =>
      class Field extends Thing {
        // @ts-expect-error it has no setter to observe
        @property("Field", Type.Number()) field = 1;
      },
    { code: "BAD_ARGUMENT", message: /'field' is on a field\. Write 'accessor' before it/ },
  );
});

test("a class whose members fit their schemas has them all in its model", () => {
  const model = thingModelOf(new Right());
  assert.deepEqual([...model.properties.keys()], ["gain", "mode", "double"]);
  assert.equal(model.properties.get("double")?.readOnly, true);
  assert.equal(model.properties.get("gain")?.readOnly, false);
  assert.deepEqual([...model.actions.keys()], ["move", "home"]);
  assert.ok(Wrong.prototype instanceof Thing);
});
