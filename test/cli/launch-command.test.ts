import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { addressKind } from "../../src/cli/launch-camera.ts";
import { parametersAsOptions } from "../../src/cli/launch-command.ts";
import { TEST_MS } from "../limits.ts";
import { folderWith, runCli, runCliLines } from "./run-cli.ts";

const command = new Command("launch")
  .option("--file <file>")
  .option("--port <number>")
  .option("--param <name=value>")
  .option("--headless");

test("an unknown option with a value is a parameter; options and the pipeline's own words are left", () => {
  const cases: [string[], string[]][] = [
    [
      ["--file=f", "--pattern=snow"],
      ["--file=f", "--param", "pattern=snow"],
    ],
    [
      ["--pattern=a=b", "--file", "f"],
      ["--param", "pattern=a=b", "--file", "f"],
    ],
    [
      ["--port", "0", "--w=3", "--headless"],
      ["--port", "0", "--param", "w=3", "--headless"],
    ],
    [
      ["--port=1", "--param", "port=2"],
      ["--port=1", "--param", "port=2"],
    ],
    [
      ["ffmpeg", "--x=1", "-i", "a"],
      ["ffmpeg", "--x=1", "-i", "a"],
    ],
    [
      ["--headless", "rtsp://camera/1", "--port", "0", "--w=3"],
      ["--headless", "--port", "0", "--param", "w=3", "rtsp://camera/1"],
    ],
    [
      ["http://camera/1", "!", "--port", "0"],
      ["http://camera/1", "!", "--port", "0"],
    ],
    [
      ["--w=1", "--", "--x=1"],
      ["--param", "w=1", "--", "--x=1"],
    ],
    [
      ["--pattern", "snow"],
      ["--pattern", "snow"],
    ],
  ];
  for (const [given, expected] of cases) {
    assert.deepEqual(parametersAsOptions(given, command), expected);
  }
});

test("a launch that cannot be meant so ends with 2 and a sentence", {
  timeout: TEST_MS,
}, async () => {
  const folder = await folderWith({
    "snow.txt": "videotestsrc pattern={pattern} ! autovideosink\n",
    "quote.txt": 'videotestsrc ! caps="video/x-raw ! autovideosink',
    "control.txt": "videotestsrc \u0007 ! autovideosink",
    "comments.txt": "# nothing\n  # but comments\n",
    "element.txt": "{source} ! autovideosink",
    "option.txt": "ffmpeg {input} -f mjpeg -",
    "mine.ts": "export const find = () => []; export const answer = 42;",
  });
  const words = ["videotestsrc", "!", "autovideosink"];
  const cases: [string[], RegExp][] = [
    [[], /Give a camera's address.*or a pipeline: thingscope launch --file=FILE, or its parts/],
    [["192.168.1.4:554"], /'192\.168\.1\.4:554' is neither a pipeline nor the address of a camera/],
    [["rtps://ann:pw@camera/1"], /'rtps:\/\/[^']*camera\/1' is neither a pipeline nor the address/],
    [["--file=snow.txt", "videotestsrc"], /as --file=FILE or as parts, not both/],
    [["--file=snow.txt"], /The pipeline needs the parameter 'pattern'/],
    [["--file=snow.txt", "--patern=snow"], /'pattern'|'patern'/],
    [["--file=snow.txt", "--pattern=snow", "--zoom=3"], /does not use the parameter 'zoom'/],
    [["--file=snow.txt", "--pattern", "snow"], /Write parameters as --NAME=VALUE/],
    [["--file=snow.txt", "--pattern=snow ! filesink"], /The parameter 'pattern' contains a space/],
    [["--file=nowhere.txt"], /nowhere\.txt/],
    [
      ["--param", "snow", "--file=snow.txt"],
      /'snow' is not a parameter\. Write --param NAME=VALUE/,
    ],
    [["--pattern=snow", ...words], /does not use the parameter 'pattern'\. It has no parameters/],
    [["videotestsrc pattern={pattern} ! autovideosink"], /needs the parameter 'pattern'/],
    [["--file=."], /The pipeline file '\.' cannot be read/],
    [["--file=quote.txt"], /an unclosed "/],
    [["--file=control.txt"], /the control character U\+0007/],
    [["--file=comments.txt"], /The pipeline is empty/],
    [["--file=element.txt", "--source=fakesrc"], /may be a property's value or caps/],
    [["--file=option.txt", "--input=-i"], /begins with '-'/],
    [["--proc=./mine.ts:find", ...words], /^--proc needs a probe: add --ext/],
    [["--obs=t1", ...words], /^--obs needs a probe/],
    [
      ["--ext=mine.ts", ...words],
      /'mine\.ts' does not name an export of a module\. Write MODULE:NAME/,
    ],
    [["--probe=./mine.ts:find@", ...words], /does not name an element/],
    [["--probe=./mine.ts:find@t1.sink", ...words], /does not name an element whose output/],
    [["--ext=./mine.ts:answer", ...words], /^A producer must be a function/],
    [["--ext=./mine.ts:find", "--obs=t7", ...words], /no element 't7' .* use: camera\.$/m],
  ];
  const lines = cases.map(([args]) => ["launch", ...args]);
  const ended = await runCliLines(folder, lines);
  assert.deepEqual(await runCli(folder, ...lines[0]!), ended[0]);
  for (const [n, [args, sentence]] of cases.entries()) {
    const { code, stderr } = ended[n]!;
    assert.deepEqual([args, code], [args, 2], stderr);
    assert.match(stderr, sentence);
    assert.doesNotMatch(stderr, /^\s+at /m);
    assert.equal(stderr.trim().split("\n").length, /Try:/.test(stderr) ? 2 : 1, stderr);
  }
});

test("a module that cannot be loaded ends with 3 and a sentence, before anything is run", {
  timeout: TEST_MS,
}, async () => {
  const folder = await folderWith({
    "mine.ts": `export const findBirds = () => [];
      export class Broken { constructor() { throw new Error("no model here"); } }`,
  });
  const cases: [string[], RegExp][] = [
    [["--ext=./none.ts:find"], /There is no module '\.\/none\.ts'/],
    [["--ext=./mine.ts:findBird"], /does not export 'findBird'\. Did you mean 'findBirds'\?/],
    [
      ["--ext=./mine.ts:x"],
      /does not export 'x'\. Its producers: findBirds, Broken\.|Broken, findBirds/,
    ],
    [["--ext=./mine.ts:Broken"], /producer '\.\/mine\.ts:Broken' cannot be created: no model here/],
    [["--ext=./mine.ts:findBirds", "--proc=./mine.ts:y"], /does not export 'y'/],
  ];
  const lines = cases.map(([args]) => ["launch", ...args, "videotestsrc ! autovideosink"]);
  const ended = await runCliLines(folder, lines);
  for (const [n, [args, sentence]] of cases.entries()) {
    const { code, stderr } = ended[n]!;
    assert.deepEqual([args, code], [args, 3], stderr);
    assert.match(stderr, sentence);
  }
});

test("--dry-run prints the command, with what is tapped, and runs nothing", {
  timeout: TEST_MS,
}, async () => {
  const folder = await folderWith({
    "two.txt": `# caps in quotes, on several lines
      videotestsrc pattern={pattern} name=source
      ! capsfilter caps="video/x-raw, width=64"
      ! nveglglessink`,
    "mine.ts": "export const find = () => [];",
  });
  const args = ["--file=two.txt", "--pattern=snow", "--dry-run"];
  const plain = await runCli(folder, "launch", ...args);
  assert.deepEqual([plain.code, plain.stderr], [0, ""]);
  assert.match(plain.stdout, /^gst-launch-1\.0 -q videotestsrc pattern=snow name=source ! /);
  assert.match(plain.stdout, / gdppay ! fdsink fd=3 /);
  assert.match(plain.stdout, / capsfilter 'caps=video\/x-raw, width=64' ! /);
  assert.doesNotMatch(plain.stdout, /nveglglessink|#/);
  const observed = await runCli(folder, "launch", ...args, "--probe=./mine.ts:find@source.src");
  assert.match(observed.stdout, /name=source ! tee name=source_tee ! /);
  assert.match(observed.stdout, / source_tee\. ! queue /);
});

test("a camera's address is launched as its kind of camera, and is no pipeline", {
  timeout: TEST_MS,
}, async () => {
  const folder = await folderWith({});
  const address = "rtsp://cam:secret@127.0.0.1:9/1";
  const [check, headless, parameter] = await runCliLines(folder, [
    ["launch", "--check", address],
    ["launch", "--headless", address],
    ["launch", "--check", "--rate=5", address],
  ]);
  assert.deepEqual([check?.code, check?.stdout], [0, "OK: cameras: camera (RtspCamera)\n"]);
  const kinds = ["/dev/video0", "http://127.0.0.1:9/1", "onvif://127.0.0.1:9"].map((word) =>
    addressKind([word]),
  );
  assert.deepEqual(
    kinds.map((kind) => kind?.camera),
    ["V4L2Camera", "HttpCamera", "RtspCamera"],
  );
  assert.equal(addressKind(["/dev/video0", "!"]), undefined);
  for (const refused of [headless, parameter]) {
    assert.equal(refused?.code, 2);
    assert.match(refused.stderr, /is a camera's address, not a pipeline/);
    assert.doesNotMatch(refused.stderr, /secret/);
  }
});
