import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { test } from "node:test";
import { certificateCheck } from "../../src/cli/access-checks.ts";
import { clockCheck, realTimeClockCheck } from "../../src/cli/clock-checks.ts";
import { reportsOf } from "../../src/cli/doctor.ts";
import { portCheck, settingsCheck } from "../../src/cli/machine-checks.ts";
import { lanCheck } from "../../src/cli/network-checks.ts";
import { secretsFolder } from "../../src/server/access/login/accounts-file.ts";
import { ownCertificate } from "../../src/server/access/tls/certificate-files.ts";
import { FakeSystem } from "../discovery/fake-system.ts";
import { TEST_MS } from "../limits.ts";
import { temporaryFolder } from "../temporary-folder.ts";

test("a check that hangs is left after its limit, and one that throws has failed", async () => {
  const hanging = { name: "disk", limitMs: 20, run: () => new Promise<never>(() => {}) };
  const [late] = await reportsOf(hanging);
  assert.deepEqual([late?.name, late?.level], ["disk", "fail"]);
  assert.match(late?.message ?? "", /took longer than 0\.02 s and was left/);
  assert.ok(late?.fix);
  const throwing = { name: "sky", run: () => Promise.reject(new Error("It fell.")) };
  const [fallen] = await reportsOf(throwing);
  assert.deepEqual([fallen?.message, fallen?.fix], ["It fell.", undefined]);
});

test("whether the clock is synchronised is asked of timedatectl, or else of chronyc", async () => {
  const level = async (answers: Record<string, string>) => {
    const [report] = await reportsOf(clockCheck(async ({ program }) => answers[program]));
    return `${report?.level} ${report?.message}`;
  };
  assert.match(await level({ timedatectl: "yes\n" }), /^ok/);
  assert.match(await level({ timedatectl: "no\n" }), /^warn The clock is not synchronised/);
  assert.match(await level({ timedatectl: "\n", chronyc: "Leap status     : Normal\n" }), /^ok/);
  assert.match(
    await level({ chronyc: "Leap status     : Not synchronised\n" }),
    /^warn The clock is not/,
  );
  assert.match(await level({}), /^warn Neither timedatectl nor chronyc/);
});

test("a computer without a real-time clock is warned of", async () => {
  const system = await FakeSystem.create();
  assert.equal((await reportsOf(realTimeClockCheck(system.roots)))[0]?.level, "warn");
  await mkdir(join(system.roots.sys, "class", "rtc", "rtc0"), { recursive: true });
  assert.equal((await reportsOf(realTimeClockCheck(system.roots)))[0]?.level, "ok");
});

test("the addresses for other computers are told, and a firewall", async () => {
  const { roots } = await FakeSystem.create().then(async (system) => {
    await system.file("etc", "ufw/ufw.conf", "ENABLED=yes\n");
    return system;
  });
  const [walled] = await reportsOf(lanCheck(5000, roots, ["192.168.1.5"]));
  assert.deepEqual(
    [walled?.level, walled?.fix?.split(": ")[1]],
    ["warn", "sudo ufw allow 5000/tcp"],
  );
  const [open] = await reportsOf(lanCheck(5000, { etc: "/nowhere" }, ["192.168.1.5", "10.0.0.2"]));
  assert.equal(open?.message, "With --lan a server is at 192.168.1.5:5000, 10.0.0.2:5000.");
  assert.equal((await reportsOf(lanCheck(5000, { etc: "/nowhere" }, [])))[0]?.level, "warn");
});

test("the certificate of --tls auto is told by its fingerprint", { timeout: TEST_MS }, async () => {
  const settings = await temporaryFolder();
  assert.match(
    (await reportsOf(certificateCheck(settings)))[0]?.message ?? "",
    /no certificate yet/,
  );
  await ownCertificate(secretsFolder(settings), { names: [] });
  const [report] = await reportsOf(certificateCheck(settings));
  assert.equal(report?.level, "ok");
  assert.match(report.message, /SHA-256 is ([0-9A-F]{2}:){31}[0-9A-F]{2}\.$/);
});

test("a port that cannot be used, and a folder that nothing can be saved in, are told with what to do", async (t) => {
  const server = createServer().listen(0, "127.0.0.1");
  t.after(() => server.close());
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  const [taken] = await reportsOf(portCheck(port));
  assert.equal(taken?.level, "warn");
  assert.match(taken?.message ?? "", /another program uses it\.$/);
  assert.match(taken?.fix ?? "", /^End that program .*--port \d+$/);
  const file = join(await temporaryFolder(), "file");
  await writeFile(file, "");
  for (const folder of [file, join(file, "settings"), "/proc/thingscope/settings"]) {
    const [report] = await reportsOf(settingsCheck(folder));
    assert.equal(report?.level, "fail", folder);
    assert.match(report?.message ?? "", /: (a part of the path|there is no such file or folder)/);
  }
});
