import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { test } from "node:test";
import { MultipartParser } from "thingscope/frames";
import { folderWith, launchCli, runCli } from "../cli/run-cli.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { childrenOf } from "./pipelines.ts";

const timeout = TEST_MS;

/** The indices of the first `count` frames that a viewer is sent. */
async function indicesOf(url: string, count: number): Promise<number[]> {
  const indices: number[] = [];
  const parser = new MultipartParser();
  const response = await fetch(url);
  for await (const chunk of response.body!) {
    indices.push(...parser.push(chunk).map(({ headers }) => Number(headers.get("x-frame-index"))));
    if (indices.length >= count) break;
  }
  return indices;
}

test("launch serves two tees of a file as two cameras, and ends their process with itself", {
  timeout,
}, async (t) => {
  const folder = await folderWith({
    "two.txt": `# one source, two views
      videotestsrc pattern={pattern} ! video/x-raw,width=64,height=48,framerate=30/1 ! tee name=left
      left. ! queue ! videoflip method=rotate-180 ! tee name=right`,
  });
  const server = await launchCli(t, folder, "--file=two.txt", "--pattern=ball");
  assert.equal(server.page, `${server.url}/`);
  for (const camera of ["left", "right"]) {
    const indices = await indicesOf(`${server.url}/${camera}/mjpeg_stream`, 5);
    assert.deepEqual(
      indices,
      indices.slice().sort((a, b) => a - b),
    );
    assert.ok(indices.length >= 5);
  }
  const [program] = childrenOf(server.child.pid ?? -1);
  assert.ok(program, "the pipeline is a child of the server");
  const elapsed = new Elapsed(server.child.pid!, program);
  assert.equal(await server.stop(), 0);
  assert.ok(elapsed.ms < 3000);
  assert.equal(existsSync(`/proc/${program}`), false, "the pipeline still runs");
});

test("a missing element ends with 3 and its name; --headless runs to the end", {
  timeout,
}, async () => {
  const folder = await folderWith({});
  const missing = await runCli(folder, "launch", "nosuchsrc", "!", "autovideosink");
  assert.equal(missing.code, 3);
  assert.match(missing.stderr, /^GStreamer has no element 'nosuchsrc'\./);
  const words = ["videotestsrc", "num-buffers=3", "!", "fakesink"];
  const headless = await runCli(folder, "launch", "--headless", ...words);
  assert.deepEqual([headless.code, headless.stderr], [0, ""]);
});
