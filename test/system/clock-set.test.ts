import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { folderWith, install, serveWith } from "../cli/run-cli.ts";
import { TEST_MS } from "../limits.ts";

/** Debian's faketime. */
function faketimeLibrary(): string {
  for (const folder of readdirSync("/usr/lib", { withFileTypes: true })) {
    if (!folder.isDirectory()) continue;
    const files = readdirSync(join("/usr/lib", folder.name)).includes("faketime");
    if (files) return join("/usr/lib", folder.name, "faketime", "libfaketimeMT.so.1");
  }
  throw new Error("There is no libfaketime. Run scripts/setup.");
}

test("a server that started two hours behind is right soon after NTP has set the clock, and says so once", {
  timeout: TEST_MS,
}, async (t) => {
  const folder = await folderWith({
    "lab.yaml": "things:\n  camera: thingscope/things:TestCamera\n",
    clock: "-2h",
  });
  await install(folder);
  const env = {
    LD_PRELOAD: faketimeLibrary(),
    FAKETIME_TIMESTAMP_FILE: join(folder, "clock"),
    FAKETIME_NO_CACHE: "1",
    FAKETIME_DONT_FAKE_MONOTONIC: "1",
    DONT_FAKE_MONOTONIC: "1",
  };
  const server = await serveWith(t, { folder, env }, "lab.yaml");
  const minutesOff = async () => {
    const answer = await fetch(`${server.url}/camera/mjpeg_stream/snapshot`);
    assert.equal(answer.status, 200);
    await answer.arrayBuffer();
    assert.ok(Number(answer.headers.get("x-frame-age")) < 30);
    const ahead = Number(answer.headers.get("x-timestamp")) * 1000 - Date.now();
    return Math.round(ahead / 60_000) + 0; // no -0
  };
  const isStep = ({ msg }: { msg: string }) => msg.startsWith("The wall clock went");
  assert.equal(await minutesOff(), -120);
  await writeFile(join(folder, "clock"), "+0");
  assert.match((await server.told(isStep)).msg, /^The wall clock went forward by 7[12]\d\d/);
  assert.equal(await minutesOff(), 0);
  const health = JSON.parse(await (await fetch(`${server.url}/health`)).text());
  assert.equal(health.clock.steps, 1);
  await writeFile(join(folder, "clock"), "-5h");
  const back = await server.told(({ msg }) => isStep({ msg }) && msg.includes(" back by 1"));
  assert.match(back.msg, /back by 1[78]\d\d\d/);
  assert.equal(await minutesOff(), -300);
  assert.equal(server.lines.filter(isStep).length, 2);
  assert.equal(await server.stop(), 0);
});
