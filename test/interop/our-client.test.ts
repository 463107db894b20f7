import assert from "node:assert/strict";
import { test } from "node:test";
import { MJPEGReader, RemoteBlob, ThingClient } from "thingscope/client";
import { folderWith, runCli } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";
import { numberIn } from "../streams/pictures.ts";
import { labThingsCamera } from "./labthings-camera.ts";
import { nodeWotServer } from "./node-wot.ts";

// Our client, and other people's servers.

test("ThingClient reads, writes, invokes and observes at node-wot's own server", {
  timeout: TEST_MS,
}, async (t) => {
  const { url, thing } = await nodeWotServer(t);
  const client = await ThingClient.connect(url);
  assert.equal(client.title, "Counter");
  assert.equal(await client.read("count"), 0);
  await client.write("count", 5);
  assert.equal(await client.read("count"), 5);
  assert.deepEqual(await client.readAll(), { count: 5 });
  assert.equal(await client.invoke("sum", { a: 2, b: 3 }), 5);
  const counts = client.properties.count!.observe();
  await counts.opened;
  await client.write("count", 6);
  await thing.emitPropertyChange("count");
  assert.equal((await counts.next()).value, 6);
  counts.close();
  await assert.rejects(client.read("cuont"), {
    code: "UNKNOWN_AFFORDANCE",
    message: "Thing 'Counter' has no property 'cuont'. It has: count. Did you mean 'count'?",
  });
});

test("ThingClient and MJPEGReader operate a camera of labthings-fastapi", {
  timeout: TEST_MS,
}, async (t) => {
  const url = await labThingsCamera(t);
  const camera = await ThingClient.connect(url);
  await camera.write("gain", 2.5);
  assert.equal(await camera.read("gain"), 2.5);
  await assert.rejects(camera.write("gain", 11), {
    status: 422,
    message: /less than or equal to 10/,
  });

  const lines: string[] = [];
  const onLog = ({ message }: { message: string }) => lines.push(message);
  assert.equal(await camera.invoke("add", { a: 2, b: 3 }, { onLog }), 5);
  assert.deepEqual(lines, ["adding"]);
  await assert.rejects(camera.invoke("fail"), /out of film/);
  const cancelled = new AbortController();
  const waiting = camera.invoke("wait", undefined, { signal: cancelled.signal });
  cancelled.abort();
  await assert.rejects(waiting, { name: "AbortError" });

  const blob = await camera.invoke("picture");
  assert.ok(blob instanceof RemoteBlob);
  assert.equal(numberIn(await blob.bytes()), 7);

  let frames = 0;
  for await (const { jpeg, numberedBy, index } of new MJPEGReader(`${url}live`)) {
    assert.deepEqual([numberIn(jpeg), numberedBy], [7, "reader"]);
    assert.ok(index >= frames);
    if (++frames === 5) break;
  }
});

test("the command line operates a camera of labthings-fastapi, and writes down its types", {
  timeout: TEST_MS,
}, async (t) => {
  const url = await labThingsCamera(t);
  const folder = await folderWith({});
  const cli = async (...args: string[]) => {
    const { code, stdout, stderr } = await runCli(folder, ...args);
    assert.equal(code, 0, stderr);
    return stdout;
  };
  assert.equal(await cli("set", url, "gain", "4"), "");
  assert.equal(await cli("get", url, "gain"), "4\n");
  assert.match(await cli("run", url, "add", "a=1", "b=2"), /\{"output":3\}\n$/);
  assert.match(await cli("types", url), /interface Camera \{[\s\S]*gain: number;/);
});
