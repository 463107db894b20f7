import assert from "node:assert/strict";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { action, event, setting, Thing, ThingEvent, ThingHost, ThingServer } from "thingscope";
import { Type } from "typebox";
import { WebSocket } from "ws";
import type { Role } from "../../src/core/affordances.ts";
import { createToken } from "../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../src/server/access/login/accounts-file.ts";
import { covers } from "../../src/server/http/identity.ts";
import { OPERATIONS } from "../../src/server/websocket/webthing-operations.ts";
import { TEST_MS } from "../limits.ts";
import { ask } from "./requests.ts";
import { bearer, ROLES } from "./secured.ts";
import { clientOf } from "./websocket-bench.ts";
import { consumerOf } from "./webthing-bench.ts";

const SECRET = "the-line-that-was-said";
const options = { timeout: TEST_MS };

/** A lamp that talks while it shines. */
class Lamp extends Thing {
  @setting("Level", Type.Number()) accessor level = 0;
  @event("Lit", Type.Number()) readonly lit = new ThingEvent<number>();
  @action("Shine") async shine(): Promise<void> {
    this.log.warn(SECRET);
  }
  @action("Break") async break(): Promise<void> {
    this.log.warn(SECRET);
    throw new Error("The bulb is broken. Put in another.");
  }
}

async function served(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-roles-"));
  const file = new AccountsFile(folder);
  const tokens: Record<Role, string> = { push: "", view: "", operate: "", admin: "" };
  for (const role of ROLES) tokens[role] = (await createToken(file, { role, days: 1 })).token;
  const host = new ThingHost({ settingsFolder: folder });
  host.add("lamp", new Lamp());
  const server = new ThingServer(host, { login: { folder } });
  t.after(() => server.close());
  const { port } = await server.listen({ port: 0 });
  return { host, server, port, tokens };
}

/** Runs both actions to their ends. @returns Their invocations. */
async function ran({ host }: Awaited<ReturnType<typeof served>>) {
  const runs = ["shine", "break"].map((name) => host.things.get("lamp")!.invoke(name, undefined));
  await Promise.all(runs.map(({ ended }) => ended));
  return runs;
}

test(
  "what an action logs is for operators, in whichever form an invocation is told; how it went is for viewers",
  options,
  async (t) => {
    const lab = await served(t);
    const runs = await ran(lab);
    for (const role of ROLES) {
      const headers = bearer(lab.tokens[role]);
      const texts: string[] = [];
      for (const { id, status } of runs) {
        const { text } = await ask(lab.port, { path: `/action_invocations/${id}`, headers });
        const invocation = JSON.parse(text);
        assert.equal(invocation.status, status);
        const messages = invocation.log.map(({ message }: { message: string }) => message);
        assert.equal(messages.includes(SECRET), role !== "view", `${role}: ${text}`);
        if (role === "view") assert.deepEqual(invocation.log, []);
      }
      for (const path of [
        "/action_invocations",
        "/lamp/actions",
        "/lamp/shine",
        "/lamp/break",
        "/metrics",
        "/health",
        ...runs.map(({ id }) => `/action_invocations/${id}/output`),
      ]) {
        for (const Accept of ["application/json", "*/*"])
          texts.push((await ask(lab.port, { path, headers: { ...headers, Accept } })).text);
      }
      const { ask: request } = await consumerOf(t, `ws://127.0.0.1:${lab.port}/lamp/ws`, headers);
      texts.push(JSON.stringify(await request("queryallactions")));
      for (const { id } of runs)
        texts.push(JSON.stringify(await request("queryaction", { actionID: id })));
      assert.ok(texts.join().includes("The bulb is broken"), "viewers see why it ended");
      assert.ok(!texts.join().includes(SECRET), role);
    }
  },
);

test(
  "every operation of a WebSocket x every role: each may do what its role may, and no more",
  options,
  async (t) => {
    const lab = await served(t);
    const [{ id: actionID } = { id: "" }] = await ran(lab);
    const members: Readonly<Record<string, object>> = {
      readmultipleproperties: { names: ["level"] },
      writeproperty: { name: "level", value: 1 },
      writeallproperties: { values: { level: 1 } },
      writemultipleproperties: { values: { level: 1 } },
      invokeaction: { name: "shine" },
      queryaction: { actionID },
      cancelaction: { actionID },
      subscribeevent: { name: "lit" },
      unsubscribeevent: { name: "lit" },
    };
    for (const role of ROLES) {
      const headers = bearer(lab.tokens[role]);
      for (const [operation, { role: wanted }] of OPERATIONS) {
        const { say, told, client } = await consumerOf(
          t,
          `ws://127.0.0.1:${lab.port}/lamp/ws`,
          headers,
        );
        say({
          messageType: "request",
          messageID: "x",
          operation,
          name: "level",
          ...members[operation],
        });
        const { error } = await told();
        const { status } = { status: undefined, ...Object(error) };
        if (covers(role, wanted)) assert.notEqual(status, 403, `${role} ${operation}`);
        else assert.equal(status, 403, `${role} ${operation}`);
        client.terminate();
      }
    }
    const { text } = await ask(lab.port, { path: "/lamp/level", headers: bearer(lab.tokens.view) });
    assert.equal(text, "1");
  },
);

test(
  "over LabThings' messages every role is told how actions go, and nothing of their logs",
  options,
  async (t) => {
    const lab = await served(t);
    for (const role of ROLES) {
      const url = `ws://127.0.0.1:${lab.port}/lamp/ws`;
      const { say, next, client } = await clientOf(
        new WebSocket(url, { headers: bearer(lab.tokens[role]) }),
      );
      t.after(() => client.terminate());
      say({ messageType: "addActionObservation", data: { shine: true, nothing: true } });
      const told = [JSON.stringify(await next())]; // there is no action 'nothing': now 'shine' is observed
      await ran(lab);
      while (!told.at(-1)!.includes("completed")) told.push(JSON.stringify(await next()));
      assert.ok(!told.join().includes(SECRET), role);
    }
  },
);
