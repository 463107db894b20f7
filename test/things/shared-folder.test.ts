import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import type { Recorder } from "thingscope/things";
import { TEST_MS } from "../limits.ts";
import { frames, record } from "../recording/recordings.ts";
import { ask } from "../server/requests.ts";
import { eventually } from "../streams/watching.ts";
import { recorderFor } from "./recorder-server.ts";

const timeout = TEST_MS;

/** Two recorders of one server with one folder, and how many recordings each of the three lists of them has. */
async function twoRecorders(t: TestContext) {
  const served = await recorderFor(t, {}, { more: ["second"] });
  const { host, recorder, url } = served;
  const second = host.get("second").thing as Recorder;
  const namesIn = async (path: string) => {
    const list = (await (await fetch(`${url}${path}`)).json()) as { name: string; id: string }[];
    return list.map(({ name }) => name).toSorted();
  };
  const lists = () =>
    Promise.all(["/recorder/recordings", "/second/recordings", "/recordings"].map(namesIn));
  return { ...served, second, recorder, lists };
}

test("a recording is in the lists of both recorders of its folder as soon as it is there, each with its own links", {
  timeout,
}, async (t) => {
  const { client, recorder, second, lists } = await twoRecorders(t);
  await (await client()).invoke("capture_still", { name: "cell", settle: false });
  assert.deepEqual(await lists(), [["cell.jpg"], ["cell.jpg"], ["cell.jpg"]]);
  assert.match(recorder.recordings[0]!.href, /^\/recorder\/recordings\//);
  assert.match(second.recordings[0]!.href, /^\/second\/recordings\//);
  assert.equal(recorder.recordings[0]!.id, second.recordings[0]!.id);
});

for (const through of ["recorder", "second", undefined]) {
  const path = `${through ? `/${through}` : ""}/recordings`;
  test(`of eight DELETEs at once, one below ${path}, one deletes, the others find nothing, and no list has it`, {
    timeout,
  }, async (t) => {
    const { client, port, recorder, lists, folder } = await twoRecorders(t);
    const thing = await client();
    await thing.invoke("capture_still", { name: "cell", settle: false });
    await thing.invoke("capture_still", { name: "kept", settle: false });
    const { id } = recorder.recordings.find(({ name }) => name === "cell.jpg")!;
    const paths = Array.from({ length: 8 }, (_, n) =>
      n === 0 ? path : ["/recordings", "/second/recordings", "/recorder/recordings"][n % 3],
    );
    const answers = await Promise.all(
      paths.map((base) => ask(port, { method: "DELETE", path: `${base}/${id}` })),
    );
    const statuses = answers.map(({ status }) => status).toSorted((a, b) => a - b);
    assert.deepEqual(statuses, [204, 404, 404, 404, 404, 404, 404, 404]);
    assert.deepEqual(await lists(), [["kept.jpg"], ["kept.jpg"], ["kept.jpg"]]);
    assert.deepEqual(
      await readdir(folder).then((names) => names.filter((n) => !n.startsWith("."))),
      ["kept.jpg"],
    );
  });
}

test("what somebody puts into the folder or takes from it by hand is listed, or no longer", {
  timeout,
}, async (t) => {
  const { client, recorder, second, folder } = await twoRecorders(t);
  await (await client()).invoke("capture_still", { name: "cell", settle: false });
  await record(frames(5, 20), { path: join(folder, "elsewhere.mkv") });
  await eventually(() => second.recordings.length === 2 && recorder.recordings.length === 2);
  await rm(join(folder, "cell.jpg"));
  await eventually(() => second.recordings.length === 1 && recorder.recordings.length === 1);
  assert.equal(recorder.recordings[0]!.name, "elsewhere.mkv");
});
