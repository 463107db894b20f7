import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { event, setting, Thing, ThingEvent, ThingHost, ThingServer } from "thingscope";
import { ServerLog } from "thingscope/things";
import { Type } from "typebox";
import WebSocket from "ws";
import { ThorVisionServer } from "../../src/adapters/thorvision/index.ts";
import type { Role } from "../../src/core/affordances.ts";
import { createToken } from "../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../src/server/access/login/accounts-file.ts";
import { TEST_MS } from "../limits.ts";
import { ask } from "./requests.ts";
import { bearer, ROLES } from "./secured.ts";

const SECRET = "the-line-that-was-said";

/** Events for each role. */
class Teller extends Thing {
  @event("For viewers", Type.String()) readonly seen = new ThingEvent<string>();
  @event("For operators", Type.String(), { role: "operate" })
  readonly worked = new ThingEvent<string>();
  @event("For administrators", Type.String(), { role: "admin" })
  readonly ruled = new ThingEvent<string>();
  @setting("Level", Type.Number()) accessor level = 0;
}

const EVENTS: Readonly<Record<string, Role>> = { seen: "view", worked: "operate", ruled: "admin" };
const ORDER: readonly Role[] = ROLES;
const mayHave = (role: Role, wanted: Role) => ORDER.indexOf(role) >= ORDER.indexOf(wanted);

async function served(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-roles-"));
  const file = new AccountsFile(folder);
  const tokens: Record<Role, string> = { push: "", view: "", operate: "", admin: "" };
  for (const role of ROLES) tokens[role] = (await createToken(file, { role, days: 1 })).token;
  const host = new ThingHost({ logFolder: join(folder, "logs"), settingsFolder: folder });
  const teller = new Teller();
  host.add("teller", teller);
  host.add("log", new ServerLog());
  const webhooks = { allowedHosts: ["127.0.0.1"] };
  const server = new ThingServer(host, { login: { folder }, webhooks });
  t.after(() => server.close());
  const { port } = await server.listen({ port: 0 });
  const emitAll = () => {
    for (const name of ["ruled", "worked", "seen"] as const) teller[name].emit(`${SECRET}-${name}`);
    teller.log.warn(SECRET);
  };
  return { port, tokens, emitAll, server, folder };
}

test("what an event tells is for its role, by long polling and as server-sent events", async (t) => {
  const { port, tokens } = await served(t);
  for (const role of ROLES) {
    for (const [name, wanted] of [...Object.entries(EVENTS), ["line", "operate"] as const]) {
      const path = `/${name === "line" ? "log" : "teller"}/${name}`;
      const headers = bearer(tokens[role]);
      const may = mayHave(role, wanted);
      // An id of no notification is refused with 400, after the role.
      const polled = await ask(port, { path: `${path}/next?after=x`, headers });
      const Accept = "text/event-stream";
      const sent = await ask(port, { path: `${path}?after=x`, headers: { ...headers, Accept } });
      assert.deepEqual(
        [polled.status, sent.status],
        may ? [400, 400] : [403, 403],
        `${role} ${name}`,
      );
    }
  }
});

test("the stream of all events has those of the client's role, and the log's lines are for operators", {
  timeout: TEST_MS,
}, async (t) => {
  const { port, tokens, emitAll } = await served(t);
  for (const role of ROLES) {
    for (const thing of ["teller", "log"]) {
      const { signal, abort } = aborter(t);
      const response = await fetch(`http://127.0.0.1:${port}/${thing}/events`, {
        headers: { ...bearer(tokens[role]), Accept: "text/event-stream" },
        signal,
      });
      const reader = response.body!.getReader();
      const told: string[] = [];
      const mine = Object.keys(EVENTS).filter((name) => mayHave(role, EVENTS[name]!));
      const expected = thing === "teller" ? mine : mayHave(role, "operate") ? [SECRET] : [];
      emitAll();
      while (
        !expected.every((one) => told.join("").includes(one === SECRET ? SECRET : `-${one}"`))
      ) {
        const { value } = await reader.read();
        told.push(Buffer.from(value ?? []).toString());
      }
      for (const [name, wanted] of Object.entries(EVENTS)) {
        const isTold = told.join("").includes(`${SECRET}-${name}`);
        assert.ok(!isTold || mayHave(role, wanted), `${role} is told of ${name}`);
      }
      abort();
    }
  }
});

test("the same holds over a WebSocket and for webhooks", { timeout: TEST_MS }, async (t) => {
  const { port, tokens, emitAll } = await served(t);
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  t.after(() => listener.close());
  const callbackURL = `http://127.0.0.1:${(listener.address() as AddressInfo).port}/`;
  for (const role of ROLES) {
    const socket = new WebSocket(`ws://127.0.0.1:${port}/teller/ws`, "webthingprotocol", {
      headers: bearer(tokens[role]),
    });
    await once(socket, "open");
    t.after(() => socket.terminate());
    const description = await ask(port, { path: "/teller/", headers: bearer(tokens[role]) });
    const thingID = JSON.parse(description.text).id;
    const request = async (operation: string, members: object) => {
      const head = { thingID, messageID: crypto.randomUUID(), messageType: "request", operation };
      socket.send(JSON.stringify({ ...head, ...members }));
      const [data] = await once(socket, "message");
      return JSON.parse(String(data));
    };
    for (const [name, wanted] of Object.entries(EVENTS)) {
      const { error } = await request("subscribeevent", { name });
      assert.equal(error?.status, mayHave(role, wanted) ? undefined : 403, `${role} ${name}`);
      const hook = await ask(port, {
        ...{ method: "POST", path: `/teller/${name}` },
        headers: { ...bearer(tokens[role]), "Content-Type": "application/json" },
        body: JSON.stringify({ callbackURL }),
      });
      const mayHook = mayHave(role, "operate") && mayHave(role, wanted);
      assert.equal(hook.status, mayHook ? 201 : 403, `${role} webhook of ${name}`);
    }
    await request("subscribeallevents", {});
    const told: string[] = [];
    socket.on("message", (data) => told.push(String(data)));
    emitAll();
    const mine = Object.keys(EVENTS).filter((name) => mayHave(role, EVENTS[name]!));
    while (told.length < mine.length) await once(socket, "message");
    const names = told.map((text) => JSON.parse(text).name ?? Object.keys(JSON.parse(text))[0]);
    assert.equal(names.length, mine.length);
    for (const text of told)
      assert.ok(
        mine.some((name) => text.includes(`-${name}"`)),
        text,
      );
  }
});

test("where the server has a login, ThorVision's port gives no log files, also where it is open without", async (t) => {
  for (const insecure_logs of [false, true]) {
    const folder = await mkdtemp(join(tmpdir(), "thingscope-roles-"));
    const host = new ThingHost({ logFolder: join(folder, "logs"), settingsFolder: folder });
    const wire = new ThorVisionServer({ port: 0, insecure_no_login: true, insecure_logs });
    host.add("wire", wire);
    const server = new ThingServer(host, { login: { folder } });
    t.after(() => server.close());
    await server.listen({ port: 0 });
    const port = Number(wire.address.split(":")[1]);
    for (const path of ["/logs", "/logs/wire.log"]) {
      const { status, text } = await ask(port, { path });
      assert.equal(status, insecure_logs ? 200 : 403, text);
      if (!insecure_logs) assert.match(text, /insecure_logs: true/);
    }
  }
});

function aborter(t: TestContext) {
  const controller = new AbortController();
  const abort = () => controller.abort();
  t.after(abort);
  return { signal: controller.signal, abort };
}
