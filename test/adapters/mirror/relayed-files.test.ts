import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import type { RequestListener } from "node:http";
import { join } from "node:path";
import { test } from "node:test";
import { ThingClient } from "thingscope/client";
import { createToken, revokeToken } from "../../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../../src/server/access/login/accounts-file.ts";
import { RelayTurns } from "../../../src/server/things/relay-turns.ts";
import { TEST_MS } from "../../limits.ts";
import { frames, record } from "../../recording/recordings.ts";
import { eventually } from "../../streams/watching.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { recorderFor } from "../../things/recorder-server.ts";
import { mirrorOf, program } from "./origins.ts";

const timeout = TEST_MS;

interface Listed {
  readonly id: string;
  readonly href: string;
  readonly parts: Readonly<Record<string, string>>;
}

async function listAt(url: string, headers = {}): Promise<Listed[]> {
  return (await (await fetch(`${url}/recorder/recordings`, { headers })).json()) as Listed[];
}

test("recordings of the origin are played and downloaded at a mirror of a mirror, by those who may look there", {
  timeout,
}, async (t) => {
  const [there, here] = [await temporaryFolder(), await temporaryFolder()];
  const tokenIn = async (folder: string, role: "view" | "admin") =>
    (await createToken(new AccountsFile(folder), { role, days: 1 })).token;
  const folder = await temporaryFolder();
  const { path } = await record(frames(20, 20), { path: join(folder, "film.mkv") });
  const source = await recorderFor(t, { folder }, { login: { folder: there } });
  const token = await tokenIn(there, "view");
  const near = await mirrorOf(t, source.url, { connection: { credentials: { token } } });
  const far = await mirrorOf(t, near.url, { login: { folder: here } });
  const bytes = await readFile(path);
  const headers = { Authorization: `Bearer ${await tokenIn(here, "view")}` };
  const [{ id, href, parts }] = (await listAt(far.url, headers)) as [Listed];
  assert.equal(href, `${far.url}/recorder/recordings/${id}`);
  assert.equal((await fetch(href)).status, 401);
  const whole = await fetch(href, { headers });
  assert.deepEqual(Buffer.from(await whole.arrayBuffer()), bytes);
  assert.equal(whole.headers.get("content-length"), String(bytes.length));
  const etag = whole.headers.get("etag")!;
  const part = await fetch(href, { headers: { ...headers, Range: "bytes=10-19" } });
  assert.deepEqual(
    [part.status, part.headers.get("content-range"), Buffer.from(await part.arrayBuffer())],
    [206, `bytes 10-19/${bytes.length}`, bytes.subarray(10, 20)],
  );
  const statusOf = async (more: Record<string, string>, method = "GET", at = href) =>
    (await fetch(at, { method, headers: { ...headers, ...more } })).status;
  assert.equal(await statusOf({ "If-None-Match": etag, "Cache-Control": "max-age=0" }), 304);
  assert.equal(await statusOf({ Range: "bytes=99999999-" }), 416);
  assert.equal(await statusOf({ Range: "bytes=0-1", "If-Range": '"old"' }), 200);
  assert.equal(await statusOf({}, "HEAD"), 200);
  assert.equal(await statusOf({}, "DELETE"), 405);
  assert.equal(await statusOf({}, "GET", `${href}x`), 404);
  assert.equal(await statusOf({}, "GET", href.replace(id, "%2e%2e%2fstate")), 404);
  const ledger = await fetch(parts["ledger.csv"]!, { headers });
  assert.match(await ledger.text(), /^run,index,/);

  const heard: Listed[] = [];
  const end = new AbortController();
  t.after(() => end.abort());
  const viewer = await ThingClient.connect(`${near.url}/recorder/`);
  void viewer.follow(
    {
      onProperty: () => {},
      onEvent: (_, data) => void heard.push(...(Object(data).changed ?? [])),
    },
    end.signal,
  );
  await record(frames(5, 20), { path: join(folder, "later.mkv") });
  await eventually(() => heard.some(({ href }) => href.startsWith("/recorder/recordings/")));
});

test("a command of a mirror that passes them on answers with links to files of here; a login that the origin refuses is no fault of the client", {
  timeout,
}, async (t) => {
  const there = await temporaryFolder();
  const source = await recorderFor(t, { pre_s: 0 }, { login: { folder: there } });
  const accounts = new AccountsFile(there);
  const { token } = await createToken(accounts, { role: "operate", days: 1, name: "mirror" });
  const copy = await mirrorOf(t, source.url, {
    connection: { credentials: { token } },
    passesCommands: true,
  });
  const client = await ThingClient.connect(`${copy.url}/recorder/`);
  const { href } = (await client.invoke("start_recording", {})) as Listed;
  assert.match(href, /\/recorder\/recordings\/[\w-]+$/);
  await client.invoke("stop_recording");
  const link = new URL(href, copy.url);
  assert.equal(link.origin, copy.url);
  assert.equal((await fetch(link)).status, 200);

  await revokeToken(accounts, "mirror");
  let refused = await fetch(link);
  while (refused.ok) refused = await fetch(link); // the origin looks at its accounts now and then
  const { code, detail } = (await refused.json()) as Record<string, string>;
  assert.deepEqual([refused.status, code], [503, "SOURCE_FAILED"]);
  assert.match(detail!, /^The origin refuses the login of this mirror: /);
  await assert.rejects(client.invoke("start_recording", {}), {
    code: "SOURCE_FAILED",
    message: /^The origin refuses the login of this mirror: /,
  });
});

test("what a hostile origin gives for a file leads nowhere else, and is run by no browser", {
  timeout,
}, async (t) => {
  const source = await recorderFor(t);
  const all = await (await fetch(`${source.url}/thing_descriptions/`)).text();
  const asked: string[] = [];
  const elsewhere = await program(t, (_, response) => {
    asked.push("elsewhere");
    response.end("secret");
  });
  let file: RequestListener = () => {};
  const url = await program(t, (request, response) => {
    if (request.url === "/thing_descriptions/")
      return void response.writeHead(200, { "Content-Type": "application/json" }).end(all);
    if (request.url?.startsWith("/recorder/recordings/")) return void file(request, response);
    response.writeHead(404).end();
  });
  const copy = await mirrorOf(t, url);
  const at = `${copy.url}/recorder/recordings/a-b_c`;
  file = (_, response) =>
    void response.writeHead(200, { "Content-Type": "text/html", "Set-Cookie": "a=b" }).end("<b>");
  const page = await fetch(at);
  assert.deepEqual(
    ["content-type", "content-disposition", "set-cookie"].map((name) => page.headers.get(name)),
    ["application/octet-stream", "attachment", null],
  );
  file = (_, response) => void response.writeHead(302, { Location: `${elsewhere}/` }).end();
  assert.equal((await fetch(at)).status, 503);
  assert.deepEqual(asked, []);
  file = (_, response) => {
    response.writeHead(200, { "Content-Length": 100, "Content-Type": "video/mp4" });
    response.write("half", () => response.destroy());
  };
  await assert.rejects((await fetch(at)).arrayBuffer());

  // Who leaves ends what was asked for.
  let isEnded = false;
  file = (_, response) => {
    response.writeHead(200, { "Content-Type": "video/mp4" }).write("first");
    response.on("close", () => {
      isEnded = true;
    });
  };
  const leaving = new AbortController();
  await fetch(at, { signal: leaving.signal });
  leaving.abort();
  await eventually(() => isEnded);
});

test("files of an origin are fetched sixteen at once, four for each client; more wait, and not for ever", {
  timeout,
}, async () => {
  const turns = new RelayTurns({ waitMs: 100 });
  const { signal } = new AbortController();
  const ends = await Promise.all([1, 2, 3, 4].map(() => turns.turn("a", signal)));
  await assert.rejects(turns.turn("a", signal), { code: "TOO_BUSY" });
  const waiting = turns.turn("a", signal);
  ends[0]!();
  ends[0]!();
  await waiting;
  await Promise.all(
    ["b", "b", "b", "b", "c", "c", "c", "c", "d", "d", "d", "d"].map((one) =>
      turns.turn(one, signal),
    ),
  );
  await assert.rejects(turns.turn("e", signal), { code: "TOO_BUSY" });
  const gone = new AbortController();
  const left = turns.turn("e", gone.signal);
  gone.abort(new Error("gone"));
  await assert.rejects(left, { message: "gone" });
  const crowd = Array.from({ length: 200 }, () =>
    turns.turn("f", new AbortController().signal).catch(() => "late"),
  );
  await assert.rejects(turns.turn("f", signal), { code: "TOO_BUSY" });
  assert.deepEqual([...new Set(await Promise.all(crowd))], ["late"]);
});
