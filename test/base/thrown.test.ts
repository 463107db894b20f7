import assert from "node:assert/strict";
import { test } from "node:test";
import { ThingError } from "thingscope";
import { isAbort } from "../../src/base/abort.ts";
import { messageOf } from "../../src/base/errors.ts";
import { redact } from "../../src/base/redact.ts";
import { thrownError } from "../../src/base/thrown.ts";
import { HOSTILE } from "../hostile-errors.ts";

test("whatever is thrown becomes an error that can be read, logged and asked whether it is an abort", () => {
  for (const [name, make] of Object.entries(HOSTILE)) {
    const error = thrownError(make());
    for (const text of [error.name, error.message, error.stack ?? ""])
      assert.ok(typeof text === "string" && text.length <= 16_000, `${name}: ${typeof text}`);
    assert.equal(isAbort(make()), false, name);
    assert.ok(messageOf(make()).length <= 4000, name);
    assert.equal(typeof JSON.stringify(redact({ error: make() })), "string", name);
  }
});

test("a sound error stays itself, of whatever class", () => {
  class Own extends TypeError {
    readonly code = "EIO";
  }
  const sound = [
    new Error("a"),
    new Own("b"),
    new ThingError("NO_FRAME", "c"),
    new DOMException("d", "AbortError"),
    new AggregateError([new Error("e")], "f"),
    Object.assign(new Error("g"), { stack: undefined, name: "Odd" }),
  ];
  for (const error of sound.slice(0, 5)) assert.equal(thrownError(error), error);
  assert.equal(thrownError(sound[5]).name, "Odd");
  assert.equal(isAbort(sound[3]), true);
});

test("a copy keeps what it can: words, name, code and stack; a status that cannot be answered with is none", () => {
  const proxied = thrownError(new Proxy(Object.assign(new TypeError("x"), { code: "EBUSY" }), {}));
  assert.deepEqual(
    [proxied.name, proxied.message, Reflect.get(proxied, "code")],
    ["TypeError", "x", "EBUSY"],
  );
  const forged = Object.assign(new ThingError("NO_FRAME", "The lid is shut."), { status: 99 });
  assert.equal(thrownError(forged) instanceof ThingError, false);
  assert.equal(thrownError(forged).message, "The lid is shut.");
  assert.equal(thrownError("x".repeat(5e6)).message.length, 4000);
});
