import assert from "node:assert/strict";
import { test } from "node:test";
import { didYouMean, nearest } from "../../src/base/nearest.ts";

test("a name that is two letters off is what was meant, three in a long word, and none that is further", () => {
  const names = ["state", "settling_time", "measurements"];
  for (const [word, expected] of [
    ["stat", " Did you mean 'state'?"],
    ["STATE", " Did you mean 'state'?"],
    ["setling_tme", " Did you mean 'settling_time'?"],
    ["exposure", ""],
    ["", ""],
  ] as const)
    assert.equal(didYouMean(word, names), expected, word);
});

test("what a client sends is compared quickly, however long it is and however many names there are", () => {
  const names = Array.from({ length: 1000 }, (_, n) => `property_with_a_long_name_of_its_own_${n}`);
  assert.equal(nearest("x".repeat(100_000), names), undefined);
  assert.equal(nearest("property_with_a_long_name_of_its_own_17x", names), names[17]);
});

test("an element of GStreamer is found among all of them, and a short word is not taken for any other", () => {
  const names = Array.from({ length: 1500 }, (_, n) => `aelement${String(n).padStart(4, "0")}`);
  assert.equal(nearest("vidoetestsrc", [...names, "videotestsrc"]), "videotestsrc");
  assert.equal(nearest("dr", ["td", "run", "get"]), undefined);
  assert.equal(nearest("ru", ["td", "run", "get"]), "run");
});
