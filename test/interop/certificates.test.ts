import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { ThingHost, ThingServer } from "thingscope";
import { packagePath } from "../../src/base/package-root.ts";
import { ownCertificate } from "../../src/server/access/tls/certificate-files.ts";
import { TEST_MS } from "../limits.ts";
import { command } from "./programs.ts";

/** That of the system, which has the packages that scripts/setup installs. */
const PYTHON = "/usr/bin/python3";
const clients = (name: string) => packagePath("test", "interop", "clients", name);

test("curl, Java and Python's ssl and cryptography take a certificate of the server's own", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-certificate-"));
  const names = ["lab.example", "fd00::7"];
  const host = new ThingHost();
  const server = new ThingServer(host, { tls: await ownCertificate(folder, { names }) });
  t.after(() => server.close());
  const file = join(folder, "certificate.pem");
  const { port } = await server.listen({ port: 0 });
  const url = `https://127.0.0.1:${port}/health`;
  for (const [program, ...args] of [
    ["curl", "--silent", "--show-error", "--fail", "--cacert", file, url],
    [command("java"), clients("Certificate.java"), file, url],
    [PYTHON, clients("certificate.py"), file, url, ...names],
  ] as const) {
    await t.test(program, { timeout: TEST_MS }, async () => {
      const { stdout } = await promisify(execFile)(program, args);
      assert.equal(JSON.parse(stdout).status, "ok");
    });
  }
});
