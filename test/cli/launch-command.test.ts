import assert from "node:assert/strict";
import { test } from "node:test";
import { Command } from "commander";
import { parametersAsOptions } from "../../src/cli/launch-command.ts";
import { folderWith, runCli } from "./run-cli.ts";

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
  timeout: 60_000,
}, async () => {
  const folder = await folderWith({
    "snow.txt": "videotestsrc pattern={pattern} ! autovideosink\n",
  });
  const cases: [string[], RegExp][] = [
    [[], /Give a pipeline: thingscope launch --file=FILE, or its parts/],
    [["--file=snow.txt", "videotestsrc"], /as --file=FILE or as parts, not both/],
    [["--file=snow.txt"], /The pipeline needs the parameter 'pattern'/],
    [["--file=snow.txt", "--patern=snow"], /'pattern'|'patern'/],
    [["--file=snow.txt", "--pattern=snow", "--zoom=3"], /has no place for the parameter 'zoom'/],
    [["--file=snow.txt", "--pattern", "snow"], /A parameter is written --NAME=VALUE/],
    [["--file=snow.txt", "--pattern=snow ! filesink"], /The parameter 'pattern' has a space in it/],
    [["--file=nowhere.txt"], /nowhere\.txt/],
    [["--param", "snow", "--file=snow.txt"], /'snow' is no parameter: write --param NAME=VALUE/],
  ];
  for (const [args, sentence] of cases) {
    const { code, stderr } = await runCli(folder, "launch", ...args);
    assert.deepEqual([args, code], [args, 2], stderr);
    assert.match(stderr, sentence);
    assert.doesNotMatch(stderr, /^\s+at /m);
  }
});
