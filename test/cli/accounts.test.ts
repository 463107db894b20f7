import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { TEST_MS } from "../limits.ts";
import { type Ended, folderWith, MAIN, runCli, runCliLines, serveCli } from "./run-cli.ts";

const timeout = TEST_MS;

/** Runs a command line that reads its standard input. */
async function runWith(folder: string, input: string, ...args: string[]): Promise<number | null> {
  const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder });
  child.stdin.end(input);
  const [code] = await once(child, "close");
  return code;
}

test("tokens are made, listed and revoked, and a secret is shown once", { timeout }, async () => {
  const folder = await folderWith({});
  const run = (...lines: string[][]) =>
    runCliLines(
      folder,
      lines.map((args) => ["tokens", ...args]),
    );
  const [none, made, listed, revoked, noneAgain] = (await run(
    ["list"],
    ["create", "--role", "view", "--days", "90", "--name", "grafana"],
    ["list"],
    ["revoke", "grafana"],
    ["list"],
  )) as [Ended, Ended, Ended, Ended, Ended];
  assert.match(none.stderr, /There are no tokens/);
  assert.match(made.stdout, /^ts_[\w-]{32}\n$/);
  assert.match(made.stderr, /'grafana', role view, until \d{4}-\d\d-\d\d/);
  assert.match(
    listed.stdout,
    /^grafana {2}view {2}made \d{4}-\d\d-\d\d {2}until \d{4}-\d\d-\d\d\n$/,
  );
  assert.equal(revoked.code, 0);
  assert.equal(noneAgain.stdout, "");
  const refused: [string[], RegExp][] = [
    [["revoke", "grafana"], /There is no token 'grafana'/],
    [["create"], /--role/],
    [["create", "--role", "root"], /view, operate, admin/],
    [["create", "--role", "view", "--days", "0"], /number of days/],
    [["create", "--role", "view", "--name", "a b"], /is not a valid name/],
    [["list", "--settings", "a", "--config", "b"], /not both/],
    [["list", "--config", "none.yaml"], /There is no configuration file/],
  ];
  const ended = await run(...refused.map(([args]) => args));
  for (const [n, [args, words]] of refused.entries()) {
    assert.equal(ended[n]!.code, 2, args.join(" "));
    assert.match(ended[n]!.stderr, words);
  }
});

test("a user's password comes from a pipe, and is good for a login of a running server", {
  timeout,
}, async (t) => {
  const folder = await folderWith({
    "lab.yaml":
      "things: {stage: 'thingscope/things:SimulatedStage'}\nsettings_folder: data\nlogin: true\n",
  });
  const server = await serveCli(t, folder, "lab.yaml");
  const place = ["--config", "lab.yaml"];
  assert.equal((await fetch(`${server.url}/stage/position`)).status, 401);
  const add = ["users", "add", "ana", "--role", "view", ...place];
  assert.equal(await runWith(folder, "short\n", ...add), 2);
  assert.equal(await runWith(folder, "", ...add), 2);
  assert.equal(await runWith(folder, "correct horse battery\n", ...add), 0);
  assert.match((await runCli(folder, "users", "list", ...place)).stdout, /^ana {2}view {2}since /);
  const headers = {
    Authorization: `Basic ${Buffer.from("ana:correct horse battery").toString("base64")}`,
  };
  const read = () => fetch(`${server.url}/stage/position`, { headers });
  assert.equal((await read()).status, 200);
  assert.equal((await runCli(folder, "users", "remove", "ana", ...place)).code, 0);
  while ((await read()).status !== 401) await new Promise((resolve) => setTimeout(resolve, 100));
  assert.equal((await runCli(folder, "sessions", "end", ...place)).code, 0);
});

test("off loopback a login is on, and contradictions are refused", { timeout }, async (t) => {
  const folder = await folderWith({});
  const server = await serveCli(t, folder, "--lan");
  assert.match(server.page, /^http:\/\/127\.0\.0\.1:/);
  assert.equal((await fetch(`${server.url}/camera/`)).status, 401);
  assert.equal((await fetch(`${server.url}/health`)).status, 200);
  const said = server.lines.map(({ msg }) => msg).join("\n");
  assert.match(said, /cross the network unencrypted/);
  assert.match(said, /log in at .* with a token/);
  assert.doesNotMatch(said, /code=/); // nobody sees it, and it would be kept
  await server.stop();
  const refused = [
    ["--lan", "--host", "127.0.0.1"],
    ["--lan", "--insecure-no-auth"],
    ["--login", "--insecure-no-auth"],
    ["--tls", "auto", "--tls-cert", "a", "--tls-key", "b"],
    ["--tls-cert", "a"],
    ["--tls-cert", "a", "--tls-key", "b"],
    ["--tls", "on"],
  ];
  const ended = await runCliLines(
    folder,
    refused.map((args) => ["serve", "--port", "0", ...args]),
  );
  for (const [n, args] of refused.entries()) {
    const { code, stderr } = ended[n]!;
    assert.equal(code, 2, args.join(" "));
    assert.match(stderr, /contradict|together|cannot be used|It must be 'auto'/);
  }
});

test("https has a certificate of its own, which programs trust when they are told", {
  timeout,
}, async (t) => {
  const folder = await folderWith({});
  const server = await serveCli(t, folder, "--tls", "auto");
  assert.match(server.page, /^https:/);
  await assert.rejects(fetch(`${server.url}/camera/`));
  const read = `fetch("${server.url}/camera/").then((r) => console.log(r.status))`;
  const child = spawn(process.execPath, ["-e", read], {
    env: { ...process.env, NODE_EXTRA_CA_CERTS: join(folder, "settings/.access/certificate.pem") },
  });
  assert.equal(await text(child.stdout), "200\n");
  const told = server.lines.find(({ msg }) => msg.startsWith("certificate SHA-256 "));
  assert.match(told?.msg ?? "", / ([0-9A-F]{2}:){31}[0-9A-F]{2}$/);
});

test("no secret is in the log, in a description or in a list of processes", {
  timeout,
}, async (t) => {
  const folder = await folderWith({});
  const server = await serveCli(t, folder, "--login", "--debug");
  const { stdout } = await runCli(folder, "tokens", "create", "--role", "admin");
  const token = stdout.trim();
  const json = { "Content-Type": "application/json" };
  const headers = { ...json, Authorization: `Bearer ${token}` };
  const post = (path: string, body: unknown, extra: Record<string, string> = headers) =>
    fetch(server.url + path, { method: "POST", headers: extra, body: JSON.stringify(body) });
  const login = await post("/login", { token }, json);
  const cookie = login.headers.get("set-cookie")?.split(/[=;]/)[1] ?? "";
  const wrong = ["a wrong password", "ts_wrongwrongwrongwrongwrongwrongwr1"];
  await post("/login", { user: "ana", password: wrong[0] }, json);
  await post("/login", { code: wrong[1] }, json);
  await fetch(`${server.url}/camera/`, { headers: { Authorization: `Bearer ${wrong[1]}` } });
  const signed = Object(
    await (await post("/signed_urls", { path: "/camera/mjpeg_stream" })).json(),
  );
  const signature = new URL(signed.url).searchParams.get("signature") ?? "";
  await fetch(signed.url, { method: "HEAD" });
  await fetch(`${server.url}/nowhere?signature=${signature}&token=${token}`, { headers });
  await fetch(`${server.url}/camera/capture?code=${wrong[1]}`, { headers });
  const accounts = await readFile(join(folder, "settings/.access/accounts.json"), "utf8");
  const { key } = JSON.parse(accounts);
  const secrets = [token, cookie, signature, key, ...wrong];
  assert.ok(secrets.every((secret) => secret.length >= 16));

  const seen = await Promise.all(
    ["/openapi.json", "/thing_descriptions/", "/.well-known/wot", "/health", "/metrics"].map(
      async (path) => (await fetch(server.url + path, { headers })).text(),
    ),
  );
  seen.push(await readFile(`/proc/${server.child.pid}/cmdline`, "utf8"));
  await server.stop();
  seen.push(JSON.stringify(server.lines));
  assert.match(seen.at(-1)!, /A login from .* was refused/);
  for (const secret of secrets) {
    for (const text of seen) assert.ok(!text.includes(secret), `${secret} in ${text.slice(0, 60)}`);
  }
});

test("the password of a camera's address is in no answer to any GET, and in no line of the log", {
  timeout,
}, async (t) => {
  const secrets = ["hunter2-secret", "hunter3-secret"];
  const address = `http://ana:${secrets[0]}@127.0.0.1:9/stream?token=${secrets[1]}`; // nobody listens there
  const things = { ip: { class: "thingscope/things:RemoteCamera", kwargs: { url: address } } };
  const folder = await folderWith({ "lab.json": JSON.stringify({ things }) });
  const server = await serveCli(t, folder, "lab.json", "--debug");
  const watched = await fetch(`${server.url}/ip/mjpeg_stream`);
  await server.told(({ msg }) =>
    /No frames: http:\/\/127\.0\.0\.1:9\/stream cannot be reached/.test(msg),
  );
  const { paths } = Object(await (await fetch(`${server.url}/openapi.json`)).json());
  const read = Object.keys(paths).filter((path) => paths[path].get && !path.includes("{"));
  assert.ok(read.length > 20, read.join(" "));
  const signal = AbortSignal.timeout(5000); // some wait for what never comes
  const answers = await Promise.all(
    read.map(async (path) => {
      const answer = await fetch(server.url + path, { signal }).catch(() => undefined);
      return `${path} ${(await answer?.text().catch(() => "")) ?? ""}`;
    }),
  );
  await watched.body?.cancel();
  await server.stop();
  for (const text of [...answers, JSON.stringify(server.lines)]) {
    for (const secret of secrets) assert.ok(!text.includes(secret), text.slice(0, 200));
  }
  assert.ok(answers.some((text) => text.includes("127.0.0.1:9/stream")));
});
