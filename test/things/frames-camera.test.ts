import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { request } from "node:http";
import { connect } from "node:net";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { now, ThingHost, ThingServer, wallTime } from "thingscope";
import { FramesCamera, type FramesCameraOptions } from "thingscope/things";
import WebSocket from "ws";
import { createToken } from "../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../src/server/access/login/accounts-file.ts";
import { TEST_MS } from "../limits.ts";
import { numberIn, picture } from "../streams/pictures.ts";
import { eventually } from "../streams/watching.ts";
import { folderFor } from "./recorder-server.ts";

const timeout = TEST_MS;
const run = promisify(execFile);

async function served(t: TestContext, options: FramesCameraOptions = {}, hasLogin = false) {
  const folder = await folderFor(t);
  const camera = new FramesCamera(options);
  const host = new ThingHost({ settingsFolder: folder });
  host.add("door", camera);
  const server = new ThingServer(host, hasLogin ? { login: { folder } } : {});
  t.after(() => server.close());
  const { url, port } = await server.listen({ port: 0 });
  const seen: number[] = [];
  camera.mjpeg_stream.onFrame(({ jpeg }) => seen.push(numberIn(jpeg)));
  return { camera, folder, url: `${url}/door`, port, seen };
}

const put = (url: string, body: Uint8Array, headers: Record<string, string> = {}) =>
  fetch(`${url}/frames`, { method: "PUT", body: Buffer.from(body), headers });

test("a camera is disconnected until a program sends, streams what it sends, and is disconnected when it has gone", {
  timeout,
}, async (t) => {
  const { camera, url, port, seen } = await served(t);
  await eventually(() => camera.state.state === "disconnected");
  assert.match(camera.state.reason ?? "", /^No program sends pictures to Camera 'door'\. Start/);
  assert.equal((await put(url, picture(1))).status, 200);
  assert.deepEqual([seen, camera.state.state], [[1], "streaming"]);
  assert.deepEqual(camera.sender, { name: null, address: "127.0.0.1", way: "picture" });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/door/frames_socket?takeover=1`);
  await once(socket, "open");
  for (const n of [2, 3, 4]) socket.send(picture(n));
  await eventually(() => seen.length === 4);
  assert.equal(camera.sender?.way, "websocket");
  socket.terminate();
  await eventually(() => camera.state.state === "disconnected");
  assert.match(camera.state.reason ?? "", /The last one was a program at 127\.0\.0\.1\.$/);
  assert.equal(camera.sender, null);
});

test("curl sends a file, a pipe and a form; what is no picture is refused with the reason", {
  timeout,
}, async (t) => {
  const { url, seen } = await served(t);
  const curl = async (...options: string[]) => {
    const child = run("curl", ["-s", "--max-time", "20", "-w", "\n%{http_code}", ...options]);
    child.child.stdin?.end(Buffer.concat([picture(6), picture(7)]));
    return (await child).stdout.split("\n").slice(-2);
  };
  const file = `${await folderFor(t)}/5.jpg`;
  await writeFile(file, picture(5));
  assert.deepEqual(await curl("-T", file, `${url}/frames`), ['{"pictures":1,"dropped":0}', "200"]);
  assert.deepEqual(await curl("-T", "-", `${url}/frames?takeover=1`), [
    '{"pictures":2,"dropped":0}',
    "200",
  ]);
  assert.deepEqual(await curl("-F", `image=@${file}`, `${url}/frames?takeover=1`), [
    '{"pictures":1,"dropped":0}',
    "200",
  ]);
  assert.deepEqual(seen, [5, 6, 7, 5]);
  const [problem, status] = await curl("-d", "GIF89a", `${url}/frames?takeover=1`);
  assert.equal(status, "422");
  assert.match(problem ?? "", /"code":"BAD_FRAME"/);
  assert.equal((await curl("-X", "POST", `${url}/frames?takeover=1`))[1], "422");
  const corrected = await curl("-T", "-", `${url}/frames`);
  assert.equal(corrected[1], "200", "one whose first picture was refused keeps no place");
});

test("a body in which no pictures come is the fault of the program that sends it", {
  timeout,
}, async (t) => {
  const { url } = await served(t, { max_frame_bytes: 1000 });
  const part = "--x\r\nContent-Type: image/jpeg\r\n\r\n";
  for (const start of ["rubbish", "\xff", part]) {
    const bytes = Buffer.from(start + "a".repeat(5000), "latin1");
    const body = new Blob([bytes]).stream(); // chunked
    const init = { method: "PUT", body, duplex: "half" } as const;
    const answer = await fetch(`${url}/frames?takeover=1`, init);
    const { code, detail } = (await answer.json()) as { code: string; detail: string };
    assert.deepEqual([answer.status, code], [422, "BAD_FRAME"], detail);
    assert.match(detail, /^The body cannot be read: .* Send JPEG files one after another/);
  }
});

test("a page of another site sends no picture", { timeout }, async (t) => {
  const { url, port, seen } = await served(t);
  const Origin = "http://evil.example";
  assert.equal((await put(url, picture(1), { Origin })).status, 403);
  const form = await run("curl", [
    ...["-s", "-w", "%{http_code}", "-o", "/dev/null", "-H", `Origin: ${Origin}`],
    ...["-F", "image=x", `${url}/frames`],
  ]);
  assert.equal(form.stdout, "403");
  const socket = new WebSocket(`ws://127.0.0.1:${port}/door/frames_socket`, { origin: Origin });
  const [, { statusCode }] = (await once(socket, "unexpected-response")) as [
    unknown,
    { statusCode: number },
  ];
  assert.equal(statusCode, 403);
  socket.on("error", () => {}).terminate();
  assert.deepEqual(seen, []);
});

test("a client of HTTP/1.0, as small boards have, sends a picture a connection", {
  timeout,
}, async (t) => {
  const { port, seen } = await served(t);
  for (const n of [1, 2, 3]) {
    const socket = connect(port, "127.0.0.1");
    const jpeg = picture(n);
    socket.write(`POST /door/frames HTTP/1.0\r\nContent-Type: image/jpeg\r\n`);
    socket.write(`Content-Length: ${jpeg.length}\r\n\r\n`);
    socket.write(jpeg);
    let answer = "";
    socket.on("data", (data) => {
      answer += data;
    });
    await once(socket, "close");
    assert.match(answer, /^HTTP\/1\.1 200 /);
  }
  assert.deepEqual(seen, [1, 2, 3]);
});

/** An endless body, as a program writes it. */
function endless(port: number, headers: Record<string, string> = {}, query = "") {
  const path = `/door/frames${query}`;
  const sent = request({ port, path, method: "POST", headers });
  const answered = once(sent, "response").then(async ([response]) => {
    let text = "";
    for await (const piece of response) text += piece;
    return { status: Number(response.statusCode), text };
  });
  sent.on("error", () => {});
  answered.catch(() => {});
  return { sent, answered };
}

test("an endless body has parts whose headers say when they were captured, and which are missing", {
  timeout,
}, async (t) => {
  const { camera, port } = await served(t);
  const headers = { "Content-Type": "multipart/x-mixed-replace; boundary=frame" };
  const { sent, answered } = endless(port, headers);
  const frames: { capturedAt: number; lost: number }[] = [];
  camera.mjpeg_stream.onFrame(({ capturedAt, lossesBefore = [] }) =>
    frames.push({ capturedAt, lost: lossesBefore.reduce((sum, { count }) => sum + count, 0) }),
  );
  const part = (n: number, about: string) => {
    const jpeg = picture(n);
    sent.write(`--frame\r\nContent-Length: ${jpeg.length}\r\n${about}\r\n\r\n`);
    sent.write(jpeg);
    sent.write("\r\n");
  };
  part(1, "X-Frame-Index: 7\r\nAge: 0.5");
  await eventually(() => frames.length === 1);
  const first = now();
  assert.ok(first - frames[0]!.capturedAt >= 500);
  part(2, `X-Frame-Index: 10\r\nX-Timestamp: ${(wallTime() - 200) / 1000}`);
  await eventually(() => frames.length === 2);
  const behind = now() - frames[1]!.capturedAt;
  assert.ok(behind >= 200, `${behind}`);
  assert.equal(frames[1]!.lost, 2);
  sent.end();
  assert.deepEqual(await answered, { status: 200, text: '{"pictures":2,"dropped":0}' });
});

test("a second program is told who sends, until it takes over or the first has been silent", {
  timeout,
}, async (t) => {
  const { camera, url, port, seen } = await served(t);
  const first = endless(port);
  first.sent.write(picture(1));
  await eventually(() => seen.length === 1);
  const beside = setInterval(() => first.sent.write(picture(2)), 50);
  t.after(() => clearInterval(beside));
  await eventually(() => seen.length > 2);
  const refused = await put(url, picture(8));
  assert.equal(refused.status, 409);
  const { detail } = (await refused.json()) as { detail: string };
  assert.match(detail, /^Camera 'door' receives pictures from a program at 127\.0\.0\.1 since 20/);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/door/frames_socket`);
  const [, { statusCode }] = (await once(socket, "unexpected-response")) as [
    unknown,
    { statusCode: number },
  ];
  assert.equal(statusCode, 409);
  socket.on("error", () => {}).terminate();
  const taker = await fetch(`${url}/frames?takeover=1`, {
    method: "POST",
    body: Buffer.from(picture(9)),
  });
  assert.equal(taker.status, 200);
  const { status, text } = await first.answered;
  assert.equal(status, 409);
  assert.match(text, /receives pictures from a program at 127\.0\.0\.1 now/);
  clearInterval(beside);
  assert.equal(camera.senders_refused, 2);
  assert.equal(seen.at(-1), 9);
  assert.equal(camera.sender?.way, "picture");
  assert.equal(camera.state.state, "streaming");
});

test("a picture that is too large is refused before it is read, and what comes too fast is dropped and counted", {
  timeout,
}, async (t) => {
  const { camera, url, port, seen } = await served(t, { max_frame_bytes: 5000, max_fps: 4 });
  const large = await put(url, new Uint8Array(5001));
  assert.equal(large.status, 413);
  assert.match(await large.text(), /The picture has 5001 bytes; at most 5000/);
  const { sent, answered } = endless(port);
  for (let n = 0; n < 20; n++) sent.write(picture(n));
  sent.end();
  const { dropped } = JSON.parse((await answered).text);
  assert.ok(dropped >= 15 && dropped < 20, `${dropped}`);
  assert.equal(camera.frames_dropped, dropped);
  assert.equal(seen.length, 20 - dropped);
  assert.equal(camera.mjpeg_stream.stats.lostBySource, dropped);
  assert.throws(() => new FramesCamera({ max_fps: 0 }), { code: "BAD_ARGUMENT" });
});

test("a program that falls silent on its connection is a stall, and its connection is ended", {
  timeout,
}, async (t) => {
  const { camera, port, seen } = await served(t, { silence_ms: 200 });
  const socket = new WebSocket(`ws://127.0.0.1:${port}/door/frames_socket`);
  await once(socket, "open");
  const states: string[] = [];
  t.after(camera.state_changed.on(({ state }) => states.push(state)));
  for (let n = 0; n < 5; n++) {
    socket.send(picture(n));
    await eventually(() => seen.length === n + 1);
  }
  const [code, why] = await once(socket, "close");
  assert.deepEqual(
    [code, String(why)],
    [1008, "Camera 'door' got no picture for too long. Connect again."],
  );
  await eventually(() => camera.state.state === "disconnected");
  assert.deepEqual(states, ["streaming", "stalled", "disconnected"]);
});

test("where there is a login, a token of the role push sends, and one of the role view does not", {
  timeout,
}, async (t) => {
  const { camera, folder, url, port, seen } = await served(t, {}, true);
  const file = new AccountsFile(folder);
  const tokenOf = async (role: "push" | "view") =>
    (await createToken(file, { role, days: 1, name: `esp-${role}` })).token;
  const [mayPush, mayView] = [await tokenOf("push"), await tokenOf("view")];
  const bearer = (token: string) => ({ Authorization: `Bearer ${token}` });
  assert.equal((await put(url, picture(1))).status, 401);
  assert.equal((await put(url, picture(1), bearer(mayView))).status, 403);
  assert.equal((await put(url, picture(1), bearer(mayPush))).status, 200);
  assert.equal(camera.sender?.name, "esp-push");
  const headers = bearer(mayPush);
  const socket = new WebSocket(`ws://127.0.0.1:${port}/door/frames_socket?takeover=1`, { headers });
  await once(socket, "open");
  for (const index of [3, 6]) {
    socket.send(JSON.stringify({ index }));
    socket.send(picture(index));
  }
  await eventually(() => seen.length === 3);
  assert.equal(camera.mjpeg_stream.stats.lostBySource, 2);
  assert.deepEqual(seen, [1, 3, 6]);
  socket.close();
});
