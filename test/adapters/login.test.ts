import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp } from "node:fs/promises";
import { type AddressInfo, connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import { Camera, type FrameSource, type Log, type Thing, ThingHost, ThingServer } from "thingscope";
import { FilersServer } from "../../src/adapters/filers/index.ts";
import { PyStreamingCamera, PyStreamingServer } from "../../src/adapters/pystreaming/index.ts";
import { ThorVisionServer } from "../../src/adapters/thorvision/index.ts";
import { logTo } from "../../src/base/log.ts";
import { TEST_MS } from "../limits.ts";

const timeout = TEST_MS;

interface Insecure {
  readonly insecure?: boolean;
  readonly insecure_no_login?: boolean;
}

/** Each Thing of an adapter that others connect to, at a port or a socket file. */
const LISTENING: Readonly<Record<string, (options: Insecure, folder: string) => Thing>> = {
  thorvision: (options) => new ThorVisionServer({ port: 0, ...options }),
  filers: (options) => new FilersServer({ port: 0, ...options }),
  published: (options) => new PyStreamingServer({ endpoint: "tcp://127.0.0.1:*", ...options }),
  dealt: (options) =>
    new PyStreamingServer({ endpoint: "tcp://127.0.0.1:*", mode: "distribute", ...options }),
  file: (options, folder) =>
    new PyStreamingServer({ endpoint: `ipc://${folder}/frames`, ...options }),
  collected: (options) =>
    new PyStreamingCamera({ endpoint: "tcp://127.0.0.1:*", mode: "collect", ...options }),
};

/** A camera that has not given a frame yet. */
class Dark extends Camera {
  protected override source(): FrameSource {
    return { async *frames() {} };
  }
}

async function served(
  t: TestContext,
  make: (folder: string) => Thing,
  { login = true }: { login?: boolean } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-login-"));
  const lines: string[] = [];
  const log: Log = logTo((level, message) => lines.push(`${level} ${message}`));
  const host = new ThingHost({ settingsFolder: folder, log });
  host.add("microscope", new Dark());
  const thing = make(folder);
  const hosted = host.add("wire", thing, { slots: slotsOf(thing) });
  const server = new ThingServer(host, login ? { login: { folder } } : {});
  t.after(() => server.close());
  const { port } = await server.listen({ port: 0 });
  return { hosted, host, server, lines, port };
}

function slotsOf(thing: Thing): Record<string, string | string[]> {
  if (thing instanceof ThorVisionServer) return { cameras: ["microscope"] };
  return thing instanceof PyStreamingCamera ? {} : { camera: "microscope" };
}

test("where the server has a login, no adapter opens a port that has none, unless somebody says so", {
  timeout: TEST_MS,
}, async (t) => {
  for (const [name, make] of Object.entries(LISTENING)) {
    const kept = await served(t, (folder) => make({}, folder));
    assert.equal(kept.hosted.state, "failed", name);
    assert.match(
      kept.hosted.reason ?? "",
      /server has a login.*protocol does not support one.*insecure_no_login: true/,
    );
    for (const option of ["insecure_no_login", "insecure"] as const) {
      const { hosted, lines } = await served(t, (folder) => make({ [option]: true }, folder));
      assert.equal(hosted.state, "open", `${name}: ${hosted.reason}`);
      assert.ok(
        lines.some((line) => /^warn .*NO LOGIN: the server has one/.test(line)),
        option,
      );
    }
    const free = await served(t, (folder) => make({}, folder), { login: false });
    assert.equal(free.hosted.state, "open", `${name}: ${free.hosted.reason}`);
    assert.ok(!free.lines.join().includes("NO LOGIN"), name);
  }
});

test("no one is at the port of an adapter that did not open, and insecure_logs alone opens none", {
  timeout,
}, async (t) => {
  const free = await freePort();
  const { hosted } = await served(
    t,
    () => new ThorVisionServer({ port: free, insecure_logs: true }),
  );
  assert.equal(hosted.state, "failed");
  const socket = connect(free, "127.0.0.1");
  const [error] = await once(socket, "error");
  assert.equal((error as NodeJS.ErrnoException).code, "ECONNREFUSED");
});

test("past the login, other machines stay out: insecure_no_login is for programs of this one", () => {
  const host = "0.0.0.0";
  assert.throws(
    () => new ThorVisionServer({ host, insecure_no_login: true }),
    /has no login.*insecure: true/,
  );
  assert.throws(
    () => new FilersServer({ host, insecure_no_login: true }),
    /has no login.*insecure: true/,
  );
});

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
