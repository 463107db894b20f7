// From the file that is published to a picture, as a newcomer without compiler, git or GStreamer gets there. Its times are those of a machine
// that does nothing else, as docs/releases.md asks for.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { LAND_MS } from "./limits.ts";
import { servedPicture } from "./trial.ts";
import type { UserLand } from "./user-land.ts";
import { debian12 } from "./user-lands.ts";

const timeout = LAND_MS;
const FIRST_PICTURE_MS = 15_000;
const NPM = "node /opt/npm/bin/npm-cli.js";
const NPX = "node /opt/npm/bin/npx-cli.js --yes --package /opt/pack/thingscope.tgz thingscope";

async function measured(
  t: TestContext,
  land: UserLand,
  how: string,
  command: string,
): Promise<void> {
  const from = performance.now();
  await servedPicture(land, command);
  const ms = performance.now() - from;
  t.diagnostic(`${how}: a picture after ${(ms / 1000).toFixed(1)} s`);
  assert.ok(ms < FIRST_PICTURE_MS, `${how}: ${ms} ms`);
}

test("npx serves a picture within 15 s, also when it has to fetch everything", {
  timeout,
}, async (t) => {
  await using land = await debian12();
  const lacks = await land.sh("command -v cc gcc git gst-launch-1.0 ffmpeg");
  assert.equal(lacks.stdout.toString(), "");
  const fetching = "env npm_config_cache=/tmp/cache npm_config_prefer_offline=false";
  await measured(t, land, "npx, nothing fetched before", `${fetching} ${NPX}`);
  await measured(t, land, "npx again", `${fetching} ${NPX}`);
});

test("npm i -g puts the command where everybody finds it, and it serves a picture within 15 s", {
  timeout,
}, async (t) => {
  await using land = await debian12();
  const from = performance.now();
  await land.told(`${NPM} install --global --prefix /usr/local /opt/pack/thingscope.tgz`);
  t.diagnostic(`npm install --global: ${((performance.now() - from) / 1000).toFixed(1)} s`);
  await measured(t, land, "thingscope", "/usr/local/bin/thingscope");
});
