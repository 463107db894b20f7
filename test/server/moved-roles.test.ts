// An event that its Thing adds again for another role: who followed it before is told what is for its role, and nothing else.
import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Thing, ThingHost, ThingServer } from "thingscope";
import { Type } from "typebox";
import WebSocket from "ws";
import type { Role } from "../../src/core/affordances.ts";
import { createToken } from "../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../src/server/access/login/accounts-file.ts";
import { patience, TEST_MS } from "../limits.ts";
import { ask } from "./requests.ts";
import { bearer } from "./secured.ts";

class Teller extends Thing {
  tell(role: Role, text: string): void {
    const said = { name: "said", title: "Said", schema: Type.String(), role };
    this.addEvent(said).emit(text);
  }
}

async function served(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-roles-"));
  const file = new AccountsFile(folder);
  const token = async (role: Role) => bearer((await createToken(file, { role, days: 1 })).token);
  const [view, operate] = [await token("view"), await token("operate")];
  const host = new ThingHost({ settingsFolder: folder });
  const teller = new Teller();
  teller.addEvent({ name: "said", title: "Said", schema: Type.String() });
  host.add("teller", teller);
  const webhooks = { allowedHosts: ["127.0.0.1"] };
  const server = new ThingServer(host, { login: { folder }, webhooks });
  t.after(() => server.close());
  const { port } = await server.listen({ port: 0 });
  return { port, teller, view, operate };
}

type Headers = ReturnType<typeof bearer>;

/** All that comes over one wire, until a text is in it. */
class Heard {
  text = "";
  #onMore = () => {};

  take(more: unknown): void {
    this.text += String(more);
    this.#onMore();
  }

  async until(wanted: string): Promise<string> {
    const signal = patience();
    while (!this.text.includes(wanted)) {
      signal.throwIfAborted();
      await new Promise<void>((resolve, reject) => {
        this.#onMore = resolve;
        signal.addEventListener("abort", () => reject(new Error(`heard: ${this.text}`)));
      });
    }
    return this.text;
  }
}

async function eventStream(t: TestContext, url: string, headers: Headers): Promise<Heard> {
  const heard = new Heard();
  const gone = new AbortController();
  t.after(() => gone.abort());
  const response = await fetch(url, {
    headers: { ...headers, Accept: "text/event-stream" },
    signal: gone.signal,
  });
  assert.equal(response.status, 200);
  const decoder = new TextDecoder();
  const pass = async () => {
    for await (const chunk of response.body!) heard.take(decoder.decode(chunk));
  };
  pass().catch(() => {}); // the test is over
  return heard;
}

async function webSocket(
  t: TestContext,
  port: number,
  headers: Headers,
  members: object,
): Promise<Heard> {
  const heard = new Heard();
  const { text } = await ask(port, { path: "/teller/", headers });
  const thingID = JSON.parse(text).id;
  const socket = new WebSocket(`ws://127.0.0.1:${port}/teller/ws`, "webthingprotocol", { headers });
  await once(socket, "open");
  t.after(() => socket.terminate());
  socket.on("message", (data) => heard.take(data));
  const head = { thingID, messageID: crypto.randomUUID(), messageType: "request" };
  socket.send(JSON.stringify({ ...head, ...members }));
  await heard.until('"response"');
  return heard;
}

async function webhook(t: TestContext, port: number, path: string, headers: Headers) {
  const heard = new Heard();
  const listener = createServer((request, response) => {
    request.on("data", (data) => heard.take(data));
    request.on("end", () => response.writeHead(204).end());
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  t.after(() => {
    listener.closeAllConnections();
    listener.close();
  });
  const callbackURL = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
  const subscribed = await ask(port, {
    ...{ method: "POST", path },
    headers: { ...headers, "Content-Type": "application/json" },
    body: JSON.stringify({ callbackURL }),
  });
  assert.equal(subscribed.status, 201, subscribed.text);
  return heard;
}

test("what an event tells after it was added again for a higher role reaches nobody of a lower one, by any wire opened before", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, teller, view, operate } = await served(t);
  const origin = `http://127.0.0.1:${port}`;
  const wires = {
    stream: await eventStream(t, `${origin}/teller/said`, view),
    "stream of all": await eventStream(t, `${origin}/teller/events`, view),
    socket: await webSocket(t, port, view, { operation: "subscribeevent", name: "said" }),
    "socket of all": await webSocket(t, port, view, { operation: "subscribeallevents" }),
    webhook: await webhook(t, port, "/teller/said", operate),
    "webhook of all": await webhook(t, port, "/teller/events", operate),
  };
  const mine = await eventStream(t, `${origin}/teller/said`, operate);
  teller.tell("view", "before");
  const polled = ask(port, { path: "/teller/said/next?wait=20", headers: view });
  for (const [wire, heard] of Object.entries(wires))
    assert.match(await heard.until("before"), /before/, wire);
  teller.tell("admin", "the secret of rulers");
  teller.tell("operate", "the secret of operators");
  const refused = await ask(port, { path: "/teller/said/next?wait=0", headers: view });
  assert.equal(refused.status, 403, refused.text);
  teller.tell("view", "behind");
  for (const [wire, heard] of Object.entries(wires)) {
    const hidden = wire.startsWith("webhook") ? /rulers/ : /secret/;
    assert.doesNotMatch(await heard.until("behind"), hidden, wire);
  }
  const all = await mine.until("behind");
  assert.match(all, /secret of operators/);
  assert.doesNotMatch(all, /rulers/);
  assert.doesNotMatch((await polled).text, /secret/);
  const since = encodeURIComponent("2000-01-01T00:00:00.000000Z");
  const again = await eventStream(t, `${origin}/teller/said?after=${since}`, view);
  assert.doesNotMatch(await again.until("behind"), /secret/);
});
