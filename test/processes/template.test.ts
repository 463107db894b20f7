import assert from "node:assert/strict";
import { test } from "node:test";
import { fillTemplate, readTemplate, templateOfWords } from "../../src/processes/template.ts";
import { fc, runs } from "../property.ts";

const fill = (text: string, values: Record<string, string | number> = {}) =>
  fillTemplate(readTemplate(text), values);

test("a file of many lines with comments becomes words", () => {
  const text = `# a test picture
  videotestsrc   # the source
    pattern={pattern}
  ! capsfilter caps="video/x-raw, width={width}" \\
  ! nveglglessink location=a#b`;
  assert.deepEqual(fill(text, { pattern: "snow", width: 640 }), [
    "videotestsrc",
    "pattern=snow",
    "!",
    "capsfilter",
    "caps=video/x-raw, width=640",
    "!",
    "nveglglessink",
    "location=a#b",
  ]);
});

test("quotes, escapes and doubled braces are read as a shell reads them", () => {
  assert.deepEqual(fill(`'video/x-raw, a=1' "b \\" c" d\\ e text='' {{x}} 'q"q' "p\\q"`), [
    "video/x-raw, a=1",
    'b " c',
    "d e",
    "text=",
    "{x}",
    'q"q',
    "p\\q",
  ]);
});

test("caps lists in braces are no parameters", () => {
  assert.deepEqual(fill("video/x-raw,format={ I420, NV12 }"), [
    "video/x-raw,format={",
    "I420,",
    "NV12",
    "}",
  ]);
});

test("a missing parameter is named", () => {
  assert.throws(() => fill("videotestsrc pattern={pattern}"), /needs the parameter 'pattern'/);
});

test("a parameter that the pipeline has no place for is named, with those it has", () => {
  assert.throws(
    () => fill("a b={port}", { port: 1, prot: 2 }),
    /does not use the parameter 'prot'. Its parameters are: port\./,
  );
  assert.throws(() => fill("a", { x: 1 }), /It has no parameters\./);
});

test("a quote that is not closed is told", () => {
  assert.throws(() => fill('a "b'), /an unclosed "/);
});

test("a NUL in the text is told", () => {
  assert.throws(() => fill("a \0b"), /U\+0000/);
  assert.throws(() => templateOfWords(["a\x1b"]), /U\+001B/);
});

const PAYLOADS = [
  "0 ! fakesink",
  "0\t!\tfakesink",
  "0\n!\nfakesink",
  "0\r!\rfakesink",
  "0\u000b!\u000bfakesink",
  "0\u000c!fakesink",
  "0\0!",
  '0" ! fakesink "',
  "0' ! fakesink '",
  "0!fakesink",
  "name=x. ",
  "x. ! fakesink",
  "0\\ !\\ fakesink",
  "0\\",
  "",
  " ",
  "0;x",
  "(fakesink)",
  "{x}",
  "a|b",
  "`id`",
  "$(id)",
  "$HOME",
  "a&b>c",
  "0\u00a0!",
  "0\u2028!",
  "0\u0085!",
  "ä",
  "0#",
  "[0]",
  "*",
  "a^b",
];

for (const payload of PAYLOADS) {
  test(`the value ${JSON.stringify(payload)} is refused`, () => {
    assert.throws(() => fill("videotestsrc pattern={pattern} ! fakesink", { pattern: payload }), {
      name: "ThingError",
      code: "BAD_ARGUMENT",
      message: /'pattern'/,
    });
  });
}

for (const value of [
  "snow",
  "0",
  "-1.5",
  "/dev/video0",
  "rtsp://user@cam.local:8554/a?x=1&y=2",
  "30/1",
  "video/x-raw,width=640",
  "%05d.jpg",
  "~/a+b",
]) {
  test(`the value ${value} is taken as it is`, () => {
    assert.deepEqual(fill("a b={v}", { v: value }), ["a", `b=${value}`]);
  });
}

test("no value ever becomes more than its word", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (value) => {
      let words: string[];
      try {
        words = fill("a b={v} ! c", { v: value });
      } catch {
        return;
      }
      assert.deepEqual(words, ["a", `b=${value}`, "!", "c"]);
      assert.doesNotMatch(value, /[\s!"'\\;(){}#\p{Cc}]/u);
    }),
    { numRuns: runs(500) },
  );
});

test("a value that stands alone cannot become an option", () => {
  assert.throws(() => fill("ffmpeg -i {file}", { file: "-y" }), /begins with '-'/);
  assert.deepEqual(fill("a {n}", { n: -5 }), ["a", "-5"]);
});
