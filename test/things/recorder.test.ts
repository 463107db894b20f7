import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, rmSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { setImmediate, setTimeout as sleep } from "node:timers/promises";
import { logTo, type StoredFile } from "thingscope";
import { verifyRecording } from "thingscope/recording";
import { Recorder } from "thingscope/things";
import { ThingClient } from "../../src/client/index.ts";
import { createToken } from "../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../src/server/access/login/accounts-file.ts";
import { tdFaults } from "../conformance/td-schema.ts";
import { TEST_MS } from "../limits.ts";
import { killedWhileRecording } from "../recording/killed.ts";
import { ask } from "../server/requests.ts";
import { bearer, ROLES } from "../server/secured.ts";
import { eventually } from "../streams/watching.ts";
import { armed, folderFor, recorderFor } from "./recorder-server.ts";

const timeout = TEST_MS;

/** The next file that a recorder closes. */
function finished(recorder: Recorder): Promise<StoredFile> {
  return new Promise((resolve) => {
    const end = recorder.recording_finished.on((file) => {
      end();
      resolve(file);
    });
  });
}

test("a trigger over HTTP gives a file with what came before it, listed, told of, and whole", {
  timeout,
}, async (t) => {
  const { camera, recorder, client, url } = await recorderFor(t);
  await armed(recorder);
  const { capturedAt } = await camera.mjpeg_stream.grab();
  while ((await camera.mjpeg_stream.grab()).capturedAt < capturedAt + 400); // so long the time before is to be
  const closed = finished(recorder);
  const thing = await client();
  // Both at once, so that the second comes before the first one's 0.4 s are over, however busy the machine is.
  const trigger = () => thing.invoke("record", { reason: "a bird", max_delay: 30 });
  const [begun, again] = (await Promise.all([trigger(), trigger()])) as Record<string, unknown>[];
  assert.ok(begun);
  assert.deepEqual([begun.growing, begun.reason], [true, "a bird"]);
  assert.equal(String(begun.href).startsWith(`${url}/recorder/recordings/`), true);
  assert.equal(again?.id, begun.id);
  const file = await closed;
  assert.equal(file.id, begun.id);
  const { ok, sentence } = await verifyRecording(file.path);
  assert.ok(ok, sentence);
  const [listed] = (await thing.read("recordings")) as Record<string, unknown>[];
  assert.equal(listed?.id, begun.id);
  assert.ok(Number(listed?.duration) >= 0.4, JSON.stringify(listed));
  assert.ok(Number(listed?.rate) > 0 && Number(listed?.longest_gap) > 0, JSON.stringify(listed));
  assert.equal(listed?.ended, "the window is over");
  assert.equal(listed?.dropped, 0);
});

test("what is started records until it is stopped; the disk is told of, and the descriptions are valid", {
  timeout,
}, async (t) => {
  const { recorder, client, url } = await recorderFor(t, { quota_mb: 50 });
  const thing = await client();
  assert.deepEqual(tdFaults(thing.td), []);
  const input = { name: "nest", split: 0.5 };
  const begun = (await thing.invoke("start_recording", input)) as Record<string, unknown>;
  assert.equal(begun.name, "nest-00.mkv");
  assert.deepEqual([recorder.state, recorder.busy], ["recording", true]);
  await assert.rejects(thing.invoke("start_recording", {}), /is already recording/);
  await eventually(() => recorder.recordings.length >= 2);
  const fractions: number[] = [];
  const summary = (await thing.invoke("stop_recording", undefined, {
    onProgress: (fraction) => fractions.push(fraction),
  })) as { files: { name: string }[]; captured: number; written: number; dropped: number };
  assert.equal(summary.captured, summary.written);
  assert.equal(summary.dropped, 0);
  assert.ok(summary.files.length >= 2, JSON.stringify(summary));
  for (const { path } of recorder.recordings) assert.ok((await verifyRecording(path)).ok, path);
  await assert.rejects(thing.invoke("stop_recording"), /is not recording/);
  const disk = (await thing.read("disk")) as Record<string, number>;
  assert.equal(disk.quota, 50_000_000);
  assert.ok(disk.free! > 0 && disk.total! > disk.free!);
  const all = (await (await fetch(`${url}/recordings`)).json()) as { name: string }[];
  assert.equal(all.length, summary.files.length);
});

test("what a crash left open is repaired at start, while the recorder is open already, and the log says so", {
  timeout,
}, async (t) => {
  const folder = await folderFor(t);
  const path = join(folder, "crashed.mkv");
  await killedWhileRecording(path, 400);
  const lines: string[] = [];
  const log = logTo((_, message) => lines.push(message));
  const { recorder, client } = await recorderFor(t, { folder, pre_s: 0 }, { log });
  const [before] = recorder.recordings;
  assert.equal(before?.toJSON().ended, undefined, "it is not waited for");
  const thing = await client();
  while (((await thing.read("recordings")) as { ended?: string }[])[0]?.ended === undefined) {
    await sleep(50);
  }
  const [after] = (await thing.read("recordings")) as { ended?: string; frames: number }[];
  assert.equal(after?.ended, "it ended by crash");
  assert.ok(lines.some((line) => line.includes("crashed.mkv: repaired, with")));
  const { ok, sentence } = await verifyRecording(path);
  assert.ok(ok, sentence);
});

test("two recorders may share a folder, two servers may not", { timeout }, async (t) => {
  const { folder, host } = await recorderFor(t);
  host.add("second", new Recorder({ folder, reserve_mb: 1 }), { slots: { camera: "camera" } });
  assert.equal((await host.openThing("second")).state, "open");
  const script = `
    import { RecordingsFolder } from "thingscope/recording";
    await new RecordingsFolder(process.argv[1]).open().catch((error) => console.log(error.message));
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, folder]);
  let said = "";
  child.stdout.on("data", (data) => {
    said += data;
  });
  await once(child, "close");
  assert.match(said, new RegExp(`process ${process.pid}, is recording to`));
});

test("files are sent whole and in ranges that outlast a broken download; strangers and paths get nothing", {
  timeout,
}, async (t) => {
  const { camera, recorder, client, port } = await recorderFor(t);
  const thing = await client();
  await thing.invoke("start_recording", { name: "film" });
  const [growing] = recorder.recordings;
  const place = `/recorder/recordings/${growing!.id}`;
  assert.equal((await ask(port, { method: "DELETE", path: place })).status, 409);
  const { stats } = camera.mjpeg_stream;
  await eventually(() => camera.mjpeg_stream.stats.added > stats.added + 5);
  await thing.invoke("stop_recording");
  const path = `/recordings/${growing!.id}`;
  const head = await ask(port, { method: "HEAD", path });
  const size = Number(head.headers["content-length"]);
  assert.deepEqual(
    [head.status, head.headers["content-type"], head.headers["accept-ranges"]],
    [200, "video/x-matroska", "bytes"],
  );
  assert.match(String(head.headers["content-disposition"]), /film\.mkv/);
  const etag = String(head.headers.etag);
  assert.match(etag, /^"/);
  const whole = Buffer.from(await (await fetch(`http://127.0.0.1:${port}${path}`)).arrayBuffer());
  assert.equal(whole.length, size);
  const part = async (headers: Record<string, string>) => {
    const answer = await fetch(`http://127.0.0.1:${port}${place}`, { headers });
    return { answer, bytes: Buffer.from(await answer.arrayBuffer()) };
  };
  const rest = await part({ Range: "bytes=1000-", "If-Range": etag });
  assert.equal(rest.answer.status, 206);
  assert.equal(rest.answer.headers.get("content-range"), `bytes 1000-${size - 1}/${size}`);
  assert.ok(rest.bytes.equals(whole.subarray(1000)));
  const changed = await part({ Range: "bytes=1000-", "If-Range": '"another"' });
  assert.deepEqual([changed.answer.status, changed.bytes.length], [200, size]);
  const beyond = await part({ Range: `bytes=${size}-` });
  assert.equal(beyond.answer.status, 416);
  assert.equal(JSON.parse(beyond.bytes.toString()).code, "BAD_RANGE");
  assert.equal(beyond.answer.headers.get("content-range"), `bytes */${size}`);
  const known = await ask(port, { path, headers: { "If-None-Match": etag } });
  assert.deepEqual([known.status, known.text], [304, ""]);

  const poster = await fetch(`http://127.0.0.1:${port}${path}/poster`);
  assert.equal(poster.headers.get("content-type"), "image/jpeg");
  const csv = await (await fetch(`http://127.0.0.1:${port}${path}/ledger.csv`)).text();
  const json = (await (await fetch(`http://127.0.0.1:${port}${path}/ledger.json`)).json()) as {
    frames: unknown[];
  };
  assert.equal(csv.trim().split("\r\n").length, json.frames.length + 1);
  for (const wrong of ["/recordings/nothing", `${path}/nothing`, "/recordings/..%2Ffilm.mkv"]) {
    assert.equal((await ask(port, { path: wrong })).status, 404, wrong);
  }
  assert.equal((await ask(port, { method: "DELETE", path })).status, 204);
  assert.equal((await ask(port, { path })).status, 404);
  assert.deepEqual(await thing.read("recordings"), []);
});

test("a recorder that is not armed holds no frames, and leaves the camera alone", {
  timeout,
}, async (t) => {
  const { recorder, camera, client } = await recorderFor(t);
  const thing = await client();
  await thing.write("armed", false);
  assert.equal(await thing.read("state"), "idle");
  while (camera.mjpeg_stream.demand.count > 0) await sleep(10);
  await assert.rejects(thing.invoke("record", {}), /'armed' to true/);
  await thing.write("armed", true);
  await armed(recorder);
});

test("who may operate records, and only an admin deletes", { timeout }, async (t) => {
  const accounts = await folderFor(t);
  const file = new AccountsFile(accounts);
  const tokens = Object.fromEntries(
    await Promise.all(
      ROLES.map(async (role) => [
        role,
        (await createToken(file, { role, days: 1, name: role })).token,
      ]),
    ),
  );
  const { port, host, recorder } = await recorderFor(t, {}, { login: { folder: accounts } });
  await host.get("recorder").invoke("capture_still", { name: "cell", settle: false }).ended;
  const path = `/recorder/recordings/${recorder.recordings[0]!.id}`;
  const as = async (role: string, method: string, at = path) =>
    (await ask(port, { method, path: at, headers: bearer(tokens[role]) })).status;
  assert.equal((await ask(port, { path })).status, 401);
  assert.deepEqual([await as("view", "GET"), await as("view", "DELETE")], [200, 403]);
  const alias = path.replace("/recorder", "");
  assert.deepEqual(
    [await as("operate", "DELETE"), await as("operate", "DELETE", alias)],
    [403, 403],
  );
  assert.equal(await as("operate", "POST", "/recorder/stop_recording"), 201);
  assert.deepEqual([await as("admin", "DELETE", alias), await as("admin", "GET")], [204, 404]);
});

test("links in values, outputs and notifications lead to the file, also behind a prefix", {
  timeout,
}, async (t) => {
  const { camera, url, recorder } = await recorderFor(t, {}, { apiPrefix: "/api/v3" });
  const thing = await ThingClient.connect(`${url}/api/v3/recorder/`);
  const ending = new AbortController();
  t.after(() => ending.abort());
  const told = thing.events.recording_finished!.subscribe(ending.signal);
  const first = told[Symbol.asyncIterator]().next();
  const begun = (await thing.invoke("start_recording", { name: "film" })) as { href: string };
  for (let n = 0; n < 5; n++) await camera.mjpeg_stream.grab();
  const { files } = (await thing.invoke("stop_recording")) as { files: { href: string }[] };
  let notified = await Promise.race([first, sleep(500)]);
  // The subscription may begin after the first file was closed: then another is recorded.
  while (!notified) {
    await thing.invoke("capture_still", { settle: false });
    notified = await Promise.race([first, sleep(500)]);
  }
  const { href } = notified.value as { href: string };
  const [listed] = (await thing.read("recordings")) as {
    href: string;
    parts: { poster: string };
  }[];
  for (const link of [begun.href, files[0]!.href, new URL(href, url).href, listed!.parts.poster]) {
    assert.match(link, /\/api\/v3\/recorder\/recordings\//);
    const answer = await fetch(link);
    await answer.body?.cancel();
    assert.equal(answer.status, 200, link);
  }
  assert.ok(recorder.recordings.length >= 1);
});

test("a recording whose folder is removed is told of as an event, and the next one begins", {
  timeout,
}, async (t) => {
  const { recorder, folder } = await recorderFor(t);
  const lost = new Promise((resolve) => recorder.recording_lost.on(resolve));
  await recorder.start_recording({ name: "nest" });
  while (recorder.files.at(join(folder, "nest.mkv"))!.size === 0) await sleep(20);
  await rm(folder, { recursive: true });
  assert.deepEqual(await lost, { name: "nest.mkv", why: "its folder was removed" });
  while (recorder.state === "recording" || recorder.state === "finishing") await sleep(20);
  assert.equal((await recorder.start_recording({ name: "nest" })).name, "nest.mkv");
});

test("a trigger and a timelapse whose folder is removed at once are told so, with where and what to do", {
  timeout,
}, async (t) => {
  const { recorder, folder, client } = await recorderFor(t, {
    folder: join(await folderFor(t), "films"),
  });
  const why = (error: Error) => {
    // What removes a folder removes its files first, and the look may come between.
    assert.match(error.message, /ENOENT|its (?:file|folder) was removed/);
    assert.ok(error.message.includes(folder), error.message);
    assert.match(error.message, /then record again\.$|cannot be made: .*\.$/);
    return true;
  };
  await armed(recorder);
  const triggered = recorder.record({ max_delay: 60 });
  const refused = assert.rejects(triggered, why);
  while (!readdirSync(folder).some((name) => name.endsWith(".mkv"))) await setImmediate();
  rmSync(folder, { recursive: true });
  await refused;
  const thing = await client();
  const ended = assert.rejects(thing.invoke("timelapse", { interval: 0.1, name: "day" }), why);
  while (!existsSync(join(folder, "day.mkv"))) await sleep(10);
  rmSync(folder, { recursive: true });
  await ended;
});
