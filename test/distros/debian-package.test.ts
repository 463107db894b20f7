// The Debian packages as an administrator installs them, with a real systemd; for arm64 by qemu-user, which cannot boot one.
import assert from "node:assert/strict";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { needsRoot } from "../needs.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { BootedDebian } from "./booted-debian.ts";
import { call, debian, NPM_CACHE, packed } from "./downloads.ts";
import { LAND_MS } from "./limits.ts";
import { assertNothingIsLost } from "./trial.ts";
import { UserLand } from "./user-land.ts";
import { BASE } from "./user-lands.ts";

const timeout = LAND_MS;
const root = needsRoot("starts systemd in a container");

/** The packages for a processor, in a folder of their own. */
async function packages(architecture: "amd64" | "arm64"): Promise<string> {
  const folder = await temporaryFolder("debian-packages-");
  const made = await packed(await temporaryFolder("packed-"));
  const options = ["--package", join(made, "thingscope.tgz"), "--arch", architecture];
  const env = { ...process.env, npm_config_cache: NPM_CACHE, npm_config_prefer_offline: "true" };
  await call(process.execPath, ["scripts/package-deb.mjs", ...options, "--to", folder], { env });
  assert.equal((await readdir(folder)).length, 2);
  return folder;
}

test("on Debian 12 apt installs both packages, systemd starts the service, and it serves a picture as a user of its own", {
  timeout,
  ...root,
}, async () => {
  await using booted = await BootedDebian.with("bookworm", await packages("amd64"));
  await booted.told("systemctl", "is-system-running", "--wait").catch(() => {}); // other units may fail in a container
  const shown = await booted.told(
    ..."systemctl show thingscope -p ActiveState -p StatusText -p NRestarts -p User".split(" "),
  );
  assert.match(shown, /^ActiveState=active$/m);
  assert.match(shown, /^NRestarts=0$/m);
  assert.match(
    shown,
    /^StatusText=7 of 7 Things are open; serving at http:\/\/127\.0\.0\.1:5000\/$/m,
  );
  const url = "http://127.0.0.1:5000/camera/mjpeg_stream/snapshot?wait=60";
  const jpeg = await booted.bytes("curl", "--silent", "--fail", url);
  assert.ok(inspectJpeg(jpeg).width >= 320);

  const pid = await booted.told("systemctl", "show", "thingscope", "-p", "MainPID", "--value");
  const status = await booted.told("cat", `/proc/${pid}/status`);
  assert.doesNotMatch(status, /^Uid:\s+0\s/m);
  assert.match(status, /^CapEff:\s+0+$/m);
  const as = ["runuser", "-u", "thingscope", "--", "thingscope"];
  const add = `cd /var/lib/thingscope && printf 'a long password\\na long password\\n' | ${as.join(" ")} users add ana --role operate`;
  await booted.told("sh", "-c", add);
  assert.match(
    await booted.told("sh", "-c", `cd /var/lib/thingscope && ${as.join(" ")} users list`),
    /ana/,
  );
});

test("a service whose event loop does not run is ended and started again by systemd", {
  timeout,
  ...root,
}, async () => {
  await using booted = await BootedDebian.with("bookworm", await packages("amd64"));
  await booted.told("mkdir", "-p", "/run/systemd/system/thingscope.service.d");
  const dropIn = "/run/systemd/system/thingscope.service.d/quick.conf";
  await booted.told(
    "sh",
    "-c",
    `printf '[Service]\\nWatchdogSec=6\\nTimeoutStopSec=3\\n' > ${dropIn}`,
  );
  await booted.told("systemctl", "daemon-reload");
  await booted.told("systemctl", "restart", "thingscope");
  const first = await booted.told("systemctl", "show", "thingscope", "-p", "MainPID", "--value");
  await booted.told("kill", "-STOP", first);
  const changed = `until [ "$(systemctl show thingscope -p NRestarts --value)" -ge 1 ] && systemctl is-active --quiet thingscope; do sleep 1; done`;
  await booted.told("sh", "-c", changed);
  assert.match(await booted.told("journalctl", "-u", "thingscope"), /Watchdog timeout/);
});

test("on Debian 12 arm64 the packages lose nothing", { timeout }, async () => {
  const tool = await packages("arm64");
  await using land = await UserLand.open(
    await debian("bookworm", "arm64", [...BASE, "dpkg", "tar"]),
    undefined,
  );
  await land.told("for deb in /opt/tool/*.deb; do dpkg-deb --extract $deb /; done", { tool });
  await assertNothingIsLost(land, "thingscope");
});
