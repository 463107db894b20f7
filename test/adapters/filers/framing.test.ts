import assert from "node:assert/strict";
import { test } from "node:test";
import { MessageReader, messageBytes } from "../../../src/adapters/filers/framing.ts";
import { imageText, parseImage, parseMessage } from "../../../src/adapters/filers/messages.ts";
import { cpuMs } from "../../elapsed.ts";
import { TEST_MS } from "../../limits.ts";

const LIMITS = { text: 1000, binary: 1000 };

/** What the client of the author of Filers was seen to send: lengths, block YAML. */
const STARTED_PLAYING = Buffer.from(
  `${"00000019" + "00000000"}2d20737461727465645f706c6179696e670a2d206e756c6c0a`,
  "hex",
);

function read(chunks: readonly Uint8Array[], limits = LIMITS): [string, string][] {
  const reader = new MessageReader(limits);
  const found = chunks.flatMap((chunk) => [...reader.messages(chunk)]);
  return found.map(({ text, binary }) => [text.toString(), binary.toString()]);
}

test("a message is found in whatever pieces it comes", () => {
  const stream = Buffer.concat([
    STARTED_PLAYING,
    messageBytes('["image",null]\n', 3),
    Buffer.from("abc"),
    Buffer.alloc(8), // a message without anything
    messageBytes("- stopped_playing\n- null\n"),
  ]);
  const whole = [
    ["- started_playing\n- null\n", ""],
    ['["image",null]\n', "abc"],
    ["", ""],
    ["- stopped_playing\n- null\n", ""],
  ];
  for (let size = 1; size <= stream.length; size++) {
    const chunks = Array.from({ length: Math.ceil(stream.length / size) }, (_, n) =>
      stream.subarray(n * size, (n + 1) * size),
    );
    assert.deepEqual(read(chunks), whole, `in pieces of ${size} bytes`);
  }
});

test("lengths of 4 GB are refused before memory is taken for them", () => {
  const four = Buffer.from("ffffffffffffffff", "hex");
  assert.throws(() => read([four]), {
    code: "BAD_ARGUMENT",
    message: /4294967295 bytes of text and 4294967295 bytes of binary data; at most 1000 and 1000/,
  });
  assert.throws(() => read([Buffer.from("00000001000003e9", "hex")]), /1001 bytes of binary/);
});

test("half a message is known to be one", () => {
  const reader = new MessageReader(LIMITS);
  assert.equal(reader.isInside, false);
  for (const cut of [1, 7, 8, 20]) {
    const half = new MessageReader(LIMITS);
    assert.deepEqual([...half.messages(STARTED_PLAYING.subarray(0, cut))], []);
    assert.equal(half.isInside, true, `${cut} bytes`);
  }
  assert.equal([...reader.messages(STARTED_PLAYING)].length, 1);
  assert.equal(reader.isInside, false);
});

test("commands are read in each way that YAML has to write them", () => {
  for (const text of [
    "- started_playing\n- null\n",
    "[started_playing, null]",
    "- started_playing\n-\n",
    "- started_playing\n- ~\n",
    '["started_playing",null]\n',
  ]) {
    assert.deepEqual(parseMessage(Buffer.from(text)), { name: "started_playing", value: null });
  }
});

test("what tree_config writes for a picture is read, of peers of before 2020 too", () => {
  const ruamel =
    "- image\n- - - 4\n    - 1\n    - 1\n    - 0\n  - yuv420p\n  - - 2\n    - 2\n  - - 2\n    - 1\n    - 1\n    - 0\n" +
    "  - exposure:\n    - 1\n    - 2\n    name: yes\n    t: 1e-07\n";
  const old = ruamel.replace("- yuv420p", "- !!binary |\n    eXV2NDIwcA==");
  for (const text of [ruamel, old]) {
    const { name, value } = parseMessage(Buffer.from(text));
    assert.equal(name, "image");
    assert.deepEqual(parseImage(value, 6), {
      planeSizes: [4, 1, 1, 0],
      pixelFormat: "yuv420p",
      ...{ width: 2, height: 2, lineSizes: [2, 1, 1, 0] },
      metadata: { exposure: [1, 2], name: "yes", t: 1e-7 },
    });
  }
  const shifted = "!!binary |\neXV2NDIwcA==\n"; // without the space that YAML wants
  assert.throws(() => parseMessage(Buffer.from(shifted)), /list of a name and a value/);
});

test("a picture is described as Filers does, with four planes whether it has them or not", () => {
  const text = imageText({
    ...{ planeSizes: [6], pixelFormat: "rgb24", width: 2, height: 1, lineSizes: [6] },
    metadata: { t: 12.5, count: 7 },
  });
  assert.equal(text, '["image",[[6,0,0,0],"rgb24",[2,1],[6,0,0,0],{"t":12.5,"count":7}]]\n');
  const { value } = parseMessage(Buffer.from(text));
  assert.throws(() => parseImage(value, 5), { message: /does not fit the 5 bytes/ });
});

test("what is no message gets a sentence, and a bomb of YAML takes no time", {
  timeout: TEST_MS,
}, () => {
  const bomb = ["a: &a [lol,lol,lol,lol,lol,lol,lol,lol,lol]"];
  for (const [n, name] of [..."bcdefghi"].entries()) {
    const before = "abcdefghi"[n];
    bomb.push(`${name}: &${name} [${Array(9).fill(`*${before}`).join(",")}]`);
  }
  const texts = {
    bomb: bomb.join("\n"),
    deep: "[".repeat(1000),
    "merged bomb": `- &a [x]\n- [${Array(200).fill("*a").join(", ")}]`,
    tag: "- !!python/object/apply:os.system [true]\n- null",
    scalar: "started_playing",
    empty: "",
    bytes: "\u0000\u0001\ufffd",
    "three parts": "[started_playing, null, null]",
    "name of a number": "[1, null]",
  };
  for (const [what, text] of Object.entries(texts)) {
    const began = cpuMs();
    assert.throws(() => parseMessage(Buffer.from(text)), { code: "BAD_ARGUMENT" }, what);
    const took = cpuMs() - began;
    assert.ok(took < 1000, `${what} takes ${took} ms`);
  }
});

test("a picture whose description lies is refused", () => {
  const good = [[6], "rgb24", [2, 1], [6], {}];
  assert.equal(parseImage(good, 6).width, 2);
  const lies: readonly unknown[] = [
    [[4294967295], "rgb24", [2, 1], [6], {}],
    [[-6, 12], "rgb24", [2, 1], [6], {}],
    [[6.5], "rgb24", [2, 1], [6], {}],
    [[6], 24, [2, 1], [6], {}],
    [[6], "rgb24", [0, 1], [6], {}],
    [[6], "rgb24", [2], [6], {}],
    [[6], "rgb24", [1e9, 1], [6], {}],
    [Array(100).fill(0), "rgb24", [2, 1], [6], {}],
    null,
    {},
  ];
  for (const lie of lies) {
    assert.throws(() => parseImage(lie, 6), { code: "BAD_ARGUMENT" }, JSON.stringify(lie));
  }
});
