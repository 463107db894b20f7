import assert from "node:assert/strict";
import { test } from "node:test";
import { readTemplate } from "../../src/processes/template.ts";
import { withTeeBehind } from "../../src/sources/gst-observe.ts";
import { tapPipeline, withoutDisplays } from "../../src/sources/gst-taps.ts";

const END = "gdppay ! fdsink fd=3 sync=true async=false";
const TAP = `queue ! identity sync=true ! queue max-size-buffers=2 leaky=downstream ! videoconvert ! jpegenc ! ${END}`;

function tapped(text: string): { text: string; outputs: string } {
  const words = readTemplate(text).words.map((word) => word.join(""));
  const { args, outputs } = tapPipeline(words);
  return {
    text: args.join(" "),
    outputs: outputs.map(({ camera, fd, framing }) => `${camera}:${fd}:${framing}`).join(" "),
  };
}

test("each named tee is a camera, and what the text had stays", () => {
  const { text, outputs } = tapped(
    "videotestsrc ! tee name=t1 t1. ! fakesink videotestsrc ! tee name=b ! fakesink",
  );
  assert.equal(
    text,
    `videotestsrc ! tee name=t1 t1. ! fakesink videotestsrc ! tee name=b ! fakesink t1. ! ${TAP} b. ! ${TAP.replace("fd=3", "fd=4")}`,
  );
  assert.equal(outputs, "t1:3:gdp b:4:gdp");
});

for (const spelling of [
  "tee name=t1",
  "tee\n  name=t1",
  "tee name = t1",
  'tee name="t1"',
  "tee 'name=t1'",
  "tee allow-not-linked=true name=t1",
  "tee name=t1 # the camera",
]) {
  test(`a tee is found in ${JSON.stringify(spelling)}`, () => {
    const { text, outputs } = tapped(`videotestsrc ! ${spelling}\nt1. ! fakesink`);
    assert.equal(outputs, "t1:3:gdp");
    assert.ok(text.endsWith(`t1. ! ${TAP}`), text);
  });
}

for (const name of ["my cam", "k\u00fcche", "a.b", "-t", "", "t!", "a=b"]) {
  test(`a tee that is named '${name}' is refused with what a name may be`, () => {
    const words = ["videotestsrc", "!", "tee", `name="${name}"`, "!", "fakesink"];
    assert.throws(() => tapPipeline(words), {
      code: "BAD_CONFIG",
      message: `'${name}' is not a valid camera name: use only letters (a to z), digits, _ and -, not starting with -. Give that tee another name.`,
    });
  });
}

test("a tee is found where links have no blanks around them", () => {
  assert.equal(tapped("videotestsrc!tee name=t1 !fakesink").outputs, "t1:3:gdp");
});

test("a tee without a name is not tapped, and neither is a text in a value", () => {
  const { outputs } = tapped('videotestsrc ! textoverlay text="tee name=t9" ! tee ! autovideosink');
  assert.equal(outputs, "camera:3:gdp");
});

test("what brings pictures to jpegenc can be replaced, as DeepStream needs it", () => {
  const words = ["videotestsrc", "!", "tee", "name=t1", "t1.", "!", "fakesink"];
  const convert = "nvvideoconvert ! video/x-raw,format=I420";
  const { args, elements } = tapPipeline(words, { convert });
  assert.match(args.join(" "), /nvvideoconvert ! video\/x-raw,format=I420 ! jpegenc/);
  assert.deepEqual(
    [elements.includes("nvvideoconvert"), elements.includes("videoconvert")],
    [true, false],
  );
});

test("two tees of one name are refused", () => {
  assert.throws(
    () => tapped("a ! tee name=t ! fakesink b ! tee name=t ! fakesink"),
    /Two tees are named 't'/,
  );
});

for (const sink of [
  "autovideosink",
  "nveglglessink",
  "xvimagesink sync=false",
  "ximagesink",
  "glimagesink",
  "waylandsink",
  "kmssink",
  "fakesink",
]) {
  test(`without a tee, ${sink} at the end is replaced by the tap`, () => {
    const { text, outputs } = tapped(`videotestsrc pattern=snow ! ${sink}`);
    assert.equal(text, `videotestsrc pattern=snow ! ${TAP}`);
    assert.equal(outputs, "camera:3:gdp");
  });
}

test("of several display sinks the last is tapped, the others show nothing", () => {
  const { text } = tapped("a ! autovideosink b ! nveglglessink b. ! fakesink");
  assert.equal(text, `a ! fakesink sync=true b ! ${TAP} b. ! fakesink`);
});

test("beside a tee a display sink is replaced, with its name, because a server has no display", () => {
  const { text } = tapped("videotestsrc ! tee name=t t. ! nveglglessink name=window t. ! fakesink");
  assert.equal(
    text,
    `videotestsrc ! tee name=t t. ! fakesink name=window sync=true t. ! fakesink t. ! ${TAP}`,
  );
});

test("a tee that carries JPEG is not encoded again", () => {
  const { text } = tapped(
    "v4l2src device=/dev/video0 ! image/jpeg, width=640 ! queue ! tee name=t ! fakesink",
  );
  assert.match(text, /leaky=downstream ! gdppay/);
});

for (const [pipeline, outputs] of [
  ["videotestsrc ! jpegenc ! fdsink", "camera:1:jpeg"],
  ["videotestsrc ! jpegenc ! fdsink fd=1", "camera:1:jpeg"],
  ["videotestsrc ! jpegenc ! gdppay ! queue ! fdsink fd=5 sync=true", "camera:5:gdp"],
  ["videotestsrc ! jpegenc ! multipartmux boundary=frame ! fdsink", "camera:1:multipart"],
  ["videotestsrc ! jpegenc ! filesink location=/dev/stdout", "camera:1:jpeg"],
  [
    "a ! jpegenc ! gdppay ! fdsink fd=3 name=left b ! jpegenc ! fdsink fd=4",
    "left:3:gdp camera_4:4:jpeg",
  ],
] as const) {
  test(`the text's own output is left as it is: ${pipeline}`, () => {
    const result = tapped(pipeline);
    assert.equal(result.outputs, outputs);
    assert.equal(result.text, pipeline);
  });
}

test("a text without tee, display or output is refused with what to add", () => {
  assert.throws(() => tapped("videotestsrc ! filesink location=x.raw"), /tee name=t1/);
});

test("caps keep their spaces, semicolons and features", () => {
  const { text } = tapped(
    'a ! video/x-raw(memory:NVMM), width=640 ! b caps="video/x-raw, format=I420" ! autovideosink',
  );
  assert.ok(
    text.startsWith(
      "a ! video/x-raw(memory:NVMM), width=640 ! b caps=video/x-raw, format=I420 ! queue",
    ),
    text,
  );
});

test("headless, a text only loses its displays", () => {
  const { args, outputs } = withoutDisplays(["videotestsrc", "!", "nveglglessink"]);
  assert.deepEqual(args, ["videotestsrc", "!", "fakesink", "sync=true"]);
  assert.deepEqual(outputs, []);
});

test("a tee is put behind an element that is looked at, unless it is one, or nothing follows it", () => {
  const observed = (text: string, name: string) => withTeeBehind(text.split(" "), name).join(" ");
  assert.equal(
    observed("videotestsrc name=a pattern=snow ! fakesink", "a"),
    "videotestsrc name=a pattern=snow ! tee name=a_tee ! fakesink",
  );
  assert.equal(
    observed('videotestsrc name="a" ! video/x-raw,width=64 ! fakesink', "a"),
    'videotestsrc name="a" ! tee name=a_tee ! video/x-raw,width=64 ! fakesink',
  );
  for (const [text, name] of [
    ["videotestsrc ! tee name=t t. ! fakesink", "t"],
    ["videotestsrc ! fakesink name=end", "end"],
    ["decodebin name=d d. ! fakesink", "d"],
    ["videotestsrc ! fakesink", "none"],
  ] as const) {
    assert.equal(observed(text, name), text);
  }
});

test("an appsink is a camera: we are the program that takes its pictures", () => {
  const { outputs, args } = tapPipeline(
    "videotestsrc ! appsink name=pythiags emit-signals=true caps=video/x-raw,format=RGB".split(" "),
  );
  assert.deepEqual(
    outputs.map(({ camera }) => camera),
    ["camera"],
  );
  assert.ok(!args.includes("appsink") && args.includes("name=pythiags"));
});
