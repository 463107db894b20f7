// The ways of installing a package, and the Nodes, on Debian 12 without a compiler.
import assert from "node:assert/strict";
import { test } from "node:test";
import { npmPackage } from "./downloads.ts";
import { LAND_MS } from "./limits.ts";
import { assertNothingIsLost, doctor, INSTALL, nativeLines, servedPicture } from "./trial.ts";
import { THINGSCOPE } from "./user-land.ts";
import { debian12 } from "./user-lands.ts";

const timeout = LAND_MS;
const PACK = "/opt/pack/thingscope.tgz";

test("npm without scripts, and npm ci without development dependencies, lose nothing", {
  timeout,
}, async () => {
  await using land = await debian12();
  await land.told(`${INSTALL} --ignore-scripts`);
  await assertNothingIsLost(land);
  await land.told("node /opt/npm/bin/npm-cli.js ci --silent --omit=dev");
  await assertNothingIsLost(land);
});

test("a package that cannot be written to loses nothing", { timeout }, async () => {
  await using land = await debian12();
  await land.told(INSTALL);
  const mount = "mount --bind node_modules node_modules && mount -o remount,bind,ro node_modules";
  const readOnly = `sh -c '${mount} && ! touch node_modules/x 2>/dev/null && exec node ${THINGSCOPE} "$@"' sh`;
  await assertNothingIsLost(land, readOnly);
});

test("pnpm and yarn lose nothing, also yarn without node_modules", { timeout }, async () => {
  for (const [tool, add, command] of [
    ["pnpm@10", "bin/pnpm.cjs add", undefined],
    ["yarn@1", "bin/yarn.js add --silent", undefined],
    ["@yarnpkg/cli-dist@4", "bin/yarn.js add", "node .yarn-cli/bin/yarn.js run thingscope"],
  ] as const) {
    await using land = await debian12();
    const options = { tool: await npmPackage(tool) };
    await land.told("cp -r /opt/tool .yarn-cli", options);
    await land.told(`node .yarn-cli/${add} thingscope@file:${PACK}`);
    await assertNothingIsLost(land, command);
  }
});

test("without optional dependencies sharp is missing: doctor, log and answer say how to install it, in a sentence", {
  timeout,
}, async () => {
  await using land = await debian12();
  await land.told(`${INSTALL} --omit=optional`);
  const [, sharp, native] = await doctor(land);
  assert.deepEqual([sharp?.level, native?.level], ["fail", "ok"]);
  assert.match(sharp!.message, /Run: npm install --include=optional$/);
  const log = await land.serving(async (url) => {
    const answer = await fetch(`${url}/camera/mjpeg_stream/snapshot`);
    const { detail } = (await answer.json()) as { detail: string };
    assert.equal(answer.status, 503);
    assert.match(detail, /Run: npm install --include=optional/);
    assert.doesNotMatch(detail, /Possible solutions/);
  });
  assert.match(nativeLines(log)[0]!, /sharp has no build for this machine \(linux-x64\)/);
  await land.told(`node /opt/npm/bin/npm-cli.js install --silent --include=optional`);
  await servedPicture(land);
});

test("a file system that forbids programs is named by doctor and once by the log, and so is what helps", {
  timeout,
}, async () => {
  await using land = await debian12();
  await land.told(INSTALL);
  const mount =
    "mount --bind node_modules node_modules && mount -o remount,bind,noexec node_modules";
  const noexec = `sh -c '${mount} && exec node ${THINGSCOPE} "$@"' sh`;
  const checks = await doctor(land, noexec);
  assert.deepEqual(
    checks.map(({ name, level }) => `${name} ${level}`),
    ["node ok", "sharp ok", "native warn", "native warn"],
  );
  for (const { message, fix } of checks.slice(2)) {
    assert.match(message, /its file system is mounted noexec/);
    assert.match(fix!, /^Mount it with exec, or install the package elsewhere/);
  }
  const log = await land.serving(async (url) => {
    assert.equal((await fetch(`${url}/camera/`)).status, 200);
  }, noexec);
  assert.equal(log.filter((line) => /Addons do not run here/.test(line)).length, 1);
});

test("Node 18 is refused with a sentence by every command; 22 and 24 lose nothing", {
  timeout,
}, async () => {
  await using old = await debian12("18.20.8");
  await old.told(INSTALL);
  for (const command of ["serve", "doctor", "--version"]) {
    const { code, stderr } = await old.sh(`node ${THINGSCOPE} ${command}`);
    assert.equal(code, 1);
    assert.match(stderr, /^Thingscope needs Node 20\.19 or newer, and this is Node 18[^\n]*\n$/);
  }
  for (const version of ["22.23.5", "24.22.3"]) {
    await using land = await debian12(version);
    await land.told(INSTALL);
    await assertNothingIsLost(land);
  }
});
