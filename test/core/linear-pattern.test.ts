// Patterns of schemas mean what they mean in JavaScript, and take time in proportion to the text.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Type } from "typebox";
import { LinearPattern } from "../../src/core/linear-pattern.ts";
import { misfitsIn } from "../../src/core/schema.ts";
import { TEST_MS } from "../limits.ts";
import { fc } from "../property.ts";

const PATTERNS = [
  ...["", "a", "^a", "a$", "^a$", "^$", "a|b", "^(a|bc)+$", "^(?:a|)b$", "a*?b", "a+?", "^a??b$"],
  ...[
    "^.$",
    "^.*$",
    "^.+:[A-Za-z_$][\\w$]*$",
    "^(\\/[\\w-]+)*$",
    "^[^,]+(,[^,]+)*$",
    "^[\\w-]{1,80}$",
  ],
  ...[
    "^[0-9a-z]{1,32}:[0-9]{1,15}$",
    "^scrypt(\\$\\d+){3}(\\$[\\w-]+){2}$",
    "^a{2}$",
    "^a{02,}$",
    "^(a{1,2}){2}$",
  ],
  ...[
    "\\d",
    "^\\D$",
    "\\w",
    "^\\W$",
    "\\s",
    "^\\S$",
    "^[\\s]$",
    "^[^\\s]$",
    "^[\\S]$",
    "^[^\\S\\d]$",
    "\\bb",
    "\\Bb",
  ],
  ...[
    "^\\u0061$",
    "^\\u00e9$",
    "^\\u{1F600}$",
    "^\\uD83D\\uDE00$",
    "^\\ud83d$",
    "^\\x41$",
    "^\\cJ$",
    "^\\0$",
    "^[\\b]$",
  ],
  ...[
    "\\/",
    "\\.",
    "^\\^\\$\\\\\\*\\+\\?\\(\\)\\[\\]\\{\\}\\|$",
    "^[\\-.]$",
    "^[.\\]\\[^-]$",
    "^[[:alpha:]$",
    "^[a\\-c]$",
  ],
  ...[
    "^[a-c]$",
    "^[^a-c]$",
    "^[--/]$",
    "^[a-]$",
    "^[-a]$",
    "^[\\w-]$",
    "^[a-c-e]$",
    "^[a^]$",
    "^[é-ü]$",
    "^[😀-😃]$",
  ],
  ...[
    "[]",
    "^[^]$",
    "^[\\d\\D]$",
    "^[(?=.]$",
    "^[$]$",
    "^[{}]$",
    "(?<name>a)(?<größe>b)",
    "^(?:(?:a))$",
    "^[\\u0061-\\u{63}]$",
  ],
  ...[
    "\\p{L}",
    "^\\P{L}$",
    "^\\p{Lu}$",
    "^[\\p{Script=Greek}\\d]+$",
    "^[^\\p{Uppercase_Letter}]$",
    "^\\p{ASCII}$",
  ],
  ...[
    "^\\p{Alphabetic}+$",
    "^\\P{Any}$",
    "^[\\P{Any}a]$",
    "\\p{Emoji_Presentation}",
    "\\t|\\n|\\v|\\f|\\r",
    "^(\\w+\\.)+\\w+$",
  ],
];

const PIECES = [
  ..."abcdeABZ_09 .,:;-+*?/\\^$|()[]{}<>='\"@!~\0\b\t\n\v\f\r\u007f",
  ..."éüßαΩя中\u00a0\u1680\u2003\u2028\u2029\u202f\u3000\ufeff\u180e\u0085😀😃",
  ..."\u{10ffff}",
  ...[
    "\ud83d",
    "\ude00",
    "aa",
    "bc",
    "größe",
    "scrypt$1$2$3$a$b",
    "camera.ts:Camera",
    "^$\\*+?()[]{}|",
    "αβγ1",
    "a\n",
  ],
];

for (const pattern of PATTERNS)
  test(`${JSON.stringify(pattern)} finds what JavaScript's own engine finds`, () => {
    const linear = new LinearPattern(pattern);
    const own = new RegExp(pattern, "u");
    const same = (text: string) =>
      assert.equal(linear.test(text), own.test(text), JSON.stringify(text));
    for (const piece of ["", ...PIECES]) for (const more of ["", ...PIECES]) same(piece + more);
    const texts = fc.array(fc.constantFrom(...PIECES), { maxLength: 6 });
    fc.assert(
      fc.property(texts, (parts) => same(parts.join(""))),
      { numRuns: 200, seed: 84 },
    );
  });

/** Any pattern of the characters that patterns are made of, where it is one and RE2 has it. */
test("patterns of any parts find what JavaScript's own engine finds", { timeout: TEST_MS }, () => {
  const part = fc.constantFrom(
    ..."abc^$.|()*+?-".split(""),
    ...[
      "[",
      "]",
      "[^",
      "(?:",
      "\\d",
      "\\w",
      "\\s",
      "\\S",
      "\\b",
      "\\-",
      "\\u0061",
      "{2}",
      "{1,}",
      "\\]",
      "\\/",
    ],
  );
  const texts = fc.array(fc.constantFrom(..."abc1- \n\u00a0]^$./".split("")), { maxLength: 5 });
  let compared = 0;
  fc.assert(
    fc.property(
      fc.array(part, { maxLength: 7 }),
      fc.array(texts, { minLength: 20 }),
      (parts, them) => {
        const pattern = parts.join("");
        const own = regExpOf(pattern);
        if (!own) return;
        const linear = new LinearPattern(pattern);
        compared += 1;
        for (const text of them.map((letters) => letters.join("")))
          assert.equal(linear.test(text), own.test(text), JSON.stringify([pattern, text]));
      },
    ),
    { numRuns: 3000, seed: 84 },
  );
  assert.ok(compared > 300, `${compared} of these were patterns`);
});

function regExpOf(pattern: string): RegExp | undefined {
  try {
    return new RegExp(pattern, "u");
  } catch {
    return undefined;
  }
}

test("a text that is too long is not held against its pattern", () => {
  const schema = Type.String({ pattern: "^a", maxLength: 100 });
  const keywords = (text: string) => misfitsIn(schema, text).map(({ keyword }) => keyword);
  assert.deepEqual(keywords("b".repeat(101)), ["maxLength", "pattern"]);
  assert.deepEqual(keywords("b".repeat(10_001)), ["maxLength"]);
});

test("pattern, patternProperties and propertyNames search anywhere in a text, and say what they wanted", () => {
  const [fault] = misfitsIn(Type.String({ pattern: "^\\d+$" }), "1x");
  assert.deepEqual([fault?.keyword, fault?.params], ["pattern", { pattern: "^\\d+$" }]);
  assert.deepEqual(misfitsIn(Type.String({ pattern: "b" }), "abc"), []);
  const named = {
    type: "object",
    patternProperties: { "^n": { type: "number" }, "^s": { type: "string" } },
  };
  const closed = Type.Unsafe({ ...named, additionalProperties: false });
  assert.deepEqual(misfitsIn(closed, { n1: 1, s1: "" }), []);
  assert.equal(misfitsIn(closed, { n1: "", s1: 1, x: 1 }).length, 3);
  const names = Type.Unsafe({ type: "object", propertyNames: { pattern: "^[a-z]+$" } });
  assert.equal(misfitsIn(names, { abc: 1, B: 1 })[0]?.params.pattern, "^[a-z]+$");
});
