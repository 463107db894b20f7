import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { promisify } from "node:util";
import { packagePath } from "../../src/base/package-root.ts";
import { TEST_MS } from "../limits.ts";
import { dotnetRound } from "./dotnet-client.ts";
import { command, python } from "./programs.ts";
import { serveInstrument } from "./serving.ts";

const run = promisify(execFile);
const clients = (...path: string[]) => packagePath("test", "interop", "clients", ...path);
const LIMIT_MS = 60_000;

const ROUND = { title: "Instrument", gain: 2.5, sum: 5, event: { x: 7 }, frames: 3 };
/** The events, the pictures, and what all the other requests share: they are ten at least. */
const MOST_CONNECTIONS = 4;

/** Passes connections on to a server, and counts them. */
async function counting(t: TestContext, url: string) {
  const { hostname, port } = new URL(url);
  const counted = { connections: 0, url: "" };
  const between = createServer((client) => {
    counted.connections += 1;
    const server = connect(Number(port), hostname);
    client.pipe(server).pipe(client);
    client.on("error", () => server.destroy()).on("close", () => server.destroy());
    server.on("error", () => client.destroy());
  }).listen(0, "127.0.0.1");
  await once(between, "listening");
  t.after(() => between.close());
  counted.url = `http://127.0.0.1:${(between.address() as AddressInfo).port}`;
  return counted;
}

/** The standard library alone: nothing is fetched. Where scripts/setup has filled Go's cache it takes a second. */
async function goProgram(): Promise<string> {
  const program = join(await mkdtemp(join(tmpdir(), "thingscope-go-")), "client");
  const env = { ...process.env, GOFLAGS: "-mod=mod", GOPROXY: "off", GO111MODULE: "off" };
  await run(command("go"), ["build", "-o", program, clients("client.go")], { env });
  return program;
}

test("clients of Java, Go, Python and .NET read, write, invoke, listen and watch over kept connections", {
  timeout: TEST_MS,
}, async (t) => {
  const { url } = await serveInstrument(t);
  const roundOf = (name: string, round: (url: string) => Promise<unknown>) =>
    t.test(name, { timeout: TEST_MS }, async () => {
      const counted = await counting(t, url);
      assert.deepEqual(await round(counted.url), ROUND);
      assert.ok(counted.connections <= MOST_CONNECTIONS, `${counted.connections} connections`);
    });
  const spoken = async (program: string, ...args: string[]) => {
    const { stdout } = await run(program, args, { timeout: LIMIT_MS });
    return JSON.parse(stdout);
  };
  await roundOf("java.net.http.HttpClient", (at) =>
    spoken(command("java"), clients("Client.java"), at),
  );
  await roundOf("Go's net/http", async (at) => spoken(await goProgram(), at));
  for (const name of ["http.client", "requests", "aiohttp"])
    await roundOf(`Python's ${name}`, (at) => spoken(python(), clients("client.py"), at, name));
  await roundOf("System.Net.Http", (at) => dotnetRound(at, AbortSignal.timeout(LIMIT_MS)));
});
