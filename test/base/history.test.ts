import assert from "node:assert/strict";
import { test } from "node:test";
import { History, Stamps, stamps } from "../../src/base/history.ts";
import { fc } from "../property.ts";

test("the newest entries are held at their positions, and dropped ones are told", () => {
  const dropped: string[] = [];
  const history = new History<string>({ capacity: 3, onDrop: (entry) => dropped.push(entry) });
  assert.deepEqual([history.begin, history.end, history.entries()], [0, 0, []]);
  for (const entry of "abcde") history.add(entry);
  assert.deepEqual(
    [history.begin, history.end, history.entries(), dropped],
    [2, 5, ["c", "d", "e"], ["a", "b"]],
  );
  const positions = [-1, 1, 2, 4, 5, 2.5, Number.NaN, Number.POSITIVE_INFINITY];
  assert.deepEqual(
    positions.map((position) => history.at(position)),
    [undefined, undefined, "c", "e", ...new Array(4).fill(undefined)],
  );
});

test("no more is held than its size allows, but one entry however large it is", () => {
  const sizeOf = (entry: string) => entry.length;
  const history = new History<string>({ capacity: 10, maxSize: 6, sizeOf });
  for (const entry of ["aa", "bb", "cc", "d"]) history.add(entry);
  assert.deepEqual(history.entries(), ["bb", "cc", "d"]);
  history.add("e".repeat(100));
  assert.deepEqual(history.entries(), ["e".repeat(100)]);
  history.add("f");
  assert.deepEqual(history.entries(), ["f"]);
});

test("after any stamp a reader goes on with the oldest that came later, and knows whether all of that is held", () => {
  const counts = fc.integer({ min: 0, max: 40 });
  const capacities = fc.integer({ min: 1, max: 12 });
  fc.assert(
    fc.property(counts, capacities, fc.integer({ min: -1, max: 45 }), (count, capacity, asked) => {
      const history = new History<number>({ capacity });
      const made = Array.from({ length: count }, () => stamps.next());
      for (const stamp of made) history.add(stamp, stamp);
      const after = asked < 0 ? 0 : (made[asked] ?? stamps.present());
      const later = made.filter((stamp) => stamp > after);
      const told = history.entries().slice(history.positionAfter(after) - history.begin);
      assert.deepEqual(told, later.slice(-capacity));
      if (after > 0) assert.equal(told.length < later.length, after < history.heldSince);
      else
        assert.ok(after < history.heldSince, "what was before the history began, it cannot know");
    }),
  );
});

test("stamps increase, also where many are made in one microsecond, and stand between past and future", () => {
  const own = new Stamps();
  const made: number[] = [];
  for (let n = 0; n < 10_000; n++) made.push(own.next());
  const present = own.present();
  assert.ok(made.every((stamp, n) => n === 0 || stamp > made[n - 1]!));
  assert.ok(present >= made.at(-1)! && own.next() > present);
});
