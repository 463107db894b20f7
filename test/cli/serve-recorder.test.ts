import assert from "node:assert/strict";
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { verifyRecording } from "thingscope/recording";
import { packagePath } from "../../src/base/package-root.ts";
import { ThingClient } from "../../src/client/index.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS } from "../limits.ts";
import { framesIn } from "../recording/recordings.ts";
import { folderWith, serveCli } from "./run-cli.ts";

const timeout = TEST_MS;

async function recordersFolder(): Promise<string> {
  const config = await readFile(packagePath("examples", "recorder.yaml"), "utf8");
  const quick = config.replace("post_s: 2", "post_s: 600").replace("SimulatedCamera", "TestCamera");
  return folderWith({ "recorder.yaml": quick });
}

async function mkvIn(folder: string): Promise<string[]> {
  const names = await readdir(join(folder, "recordings"));
  return names
    .filter((name) => name.endsWith(".mkv"))
    .map((name) => join(folder, "recordings", name));
}

test("SIGTERM closes what is being recorded, continuously and about a trigger, within 10 s", {
  timeout,
}, async (t) => {
  const folder = await recordersFolder();
  const server = await serveCli(t, folder, "recorder.yaml");
  const recorder = await ThingClient.connect(`${server.url}/recorder/`);
  while ((await recorder.read("state")) !== "buffering") await sleep(50);
  await recorder.invoke("record", { max_delay: 10 });
  await recorder.invoke("start_recording", { name: "nest" });
  const recorded = () => mkvIn(folder).then((films) => Promise.all(films.map(hasFrames)));
  while ((await recorded()).filter(Boolean).length < 2) await sleep(50);
  const elapsed = new Elapsed(server.child.pid!);
  assert.equal(await server.stop("SIGTERM"), 0);
  const tookMs = elapsed.ms;
  assert.ok(tookMs < 10_000, `${tookMs} ms`);
  const films = await mkvIn(folder);
  assert.equal(films.length, 2);
  for (const film of films) {
    const { ok, sentence } = await verifyRecording(film);
    assert.ok(ok, sentence);
    assert.match(sentence, /stopped/);
  }
});

test("a server that was killed while recording repairs its files when it is started again", {
  timeout,
}, async (t) => {
  const folder = await recordersFolder();
  const first = await serveCli(t, folder, "recorder.yaml");
  const recorder = await ThingClient.connect(`${first.url}/recorder/`);
  await recorder.invoke("start_recording", { name: "nest" });
  const film = join(folder, "recordings", "nest.mkv");
  while (!(await hasFrames(film))) await sleep(50);
  await first.stop("SIGKILL");
  const second = await serveCli(t, folder, "recorder.yaml");
  const { msg } = await second.told(({ msg }) => msg.includes("nest.mkv: repaired, with"));
  assert.match(msg, /with \d+ frames/);
  const { ok, sentence, frames } = await verifyRecording(film);
  assert.ok(ok && frames > 5, sentence);
  assert.match(sentence, /it ended by crash/);
  const listed = async () => {
    const recordings = await (await fetch(`${second.url}/recordings`)).json();
    return (recordings as { frames?: number }[])[0]?.frames;
  };
  while ((await listed()) !== frames) await sleep(50); // it is listed anew after it was told
  assert.equal(await second.stop("SIGTERM"), 0);
});

async function hasFrames(film: string): Promise<boolean> {
  return (await framesIn(film).catch(() => 0)) > 5; // its head may be on its way
}
