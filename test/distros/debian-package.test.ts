// The Debian packages as an administrator installs, upgrades and removes them, with a real systemd.
import assert from "node:assert/strict";
import { test } from "node:test";
import { inspectJpeg } from "../../src/frames/jpeg/jpeg.ts";
import { needsRoot } from "../needs.ts";
import { BootedDebian } from "./booted-debian.ts";
import { type DebianPackages, debianPackages, olderPackage } from "./debian-packages.ts";
import { LAND_MS } from "./limits.ts";

const timeout = LAND_MS;
const root = needsRoot("starts systemd in a container");
const SERVER = "http://127.0.0.1:5000";
const STATE = "/var/lib/thingscope";
const AS_SERVICE = "thingscope-service";
/** Curl waits for a server that is just being started. */
const CURL = "curl --silent --show-error --fail --retry 60 --retry-delay 1 --retry-connrefused";

const SYSTEMS = [
  {
    title: "Debian 12 with the package's Node",
    suite: "bookworm",
    more: [],
    debs: ({ server, node }: DebianPackages, older: string) => [older || server, node],
  },
  {
    title: "Debian 13 with its own Node",
    suite: "trixie",
    more: ["nodejs"],
    debs: ({ server }: DebianPackages, older: string) => [older || server],
  },
] as const;

let made: Promise<DebianPackages> | undefined;
function packages(): Promise<DebianPackages> {
  made ??= debianPackages("amd64");
  return made;
}

for (const { title, suite, more, debs } of SYSTEMS)
  test(`${title}: an installed service serves, is upgraded with all that it has, is restarted, and leaves recordings behind`, {
    timeout,
    ...root,
  }, async (t) => {
    const made = await packages();
    const older = await olderPackage(made.server);
    await using booted = await BootedDebian.with(suite, debs(made, older), more);

    await t.test("it serves a picture, as a user of its own without any rights", async () => {
      await assertServes(booted);
      const status = await booted.told("cat", `/proc/${await booted.shown("MainPID")}/status`);
      assert.doesNotMatch(status, /^Uid:\s+0\s/m);
      assert.match(status, /^CapEff:\s+0+$/m);
      assert.equal(await booted.shown("NRestarts"), "0");
    });

    await t.test("it has the clients of NATS and MQTT, and nothing for compilers", async () => {
      const modules = await booted.told("ls", "/usr/lib/thingscope/node_modules");
      assert.match(modules, /^@nats-io$/m);
      assert.match(modules, /^mqtt$/m);
      assert.doesNotMatch(modules, /^(@types|typescript|typebox|playwright-core)$/m);
    });

    await t.test("systemd rates its exposure at no more than 3.0", async () => {
      await booted.told("systemd-analyze", "security", "--threshold=30", "thingscope");
    });

    await t.test(
      "an upgrade while it records keeps settings, accounts, options and what was recorded",
      async () => {
        await fill(booted);
        const before = await booted.shown("MainPID");
        await booted.install([made.server]);
        assert.notEqual(await booted.shown("MainPID"), before);
        await assertServes(booted);
        await assertFilled(booted);
        assert.match(await booted.told("cat", "/etc/default/thingscope"), /^OPTIONS="--embed"$/m);
      },
    );

    await t.test("it is started again after kill -9", async () => {
      await booted.sh(`kill -KILL ${await booted.shown("MainPID")}`);
      await restarted(booted, 1);
      await assertServes(booted);
    });

    await t.test("it is ended and started again when its event loop does not run", async () => {
      const folder = "/run/systemd/system/thingscope.service.d";
      const quick = "[Service]\\nWatchdogSec=6\\nTimeoutStopSec=3\\n";
      await booted.sh(`mkdir -p ${folder} && printf '${quick}' > ${folder}/quick.conf`);
      await booted.told("systemctl", "daemon-reload");
      await booted.told("systemctl", "restart", "thingscope");
      const before = Number(await booted.shown("NRestarts"));
      await booted.sh(`kill -STOP ${await booted.shown("MainPID")}`);
      await restarted(booted, before + 1);
      assert.match(await booted.told("journalctl", "-u", "thingscope"), /Watchdog timeout/);
      await assertServes(booted);
      await booted.sh(`rm -r ${folder} && systemctl daemon-reload`);
    });

    await t.test("removed and installed again, it has all that it had", async () => {
      await booted.remove("thingscope");
      assert.equal(await booted.sh("grep -l thingscope/dis[t] /proc/[0-9]*/cmdline || true"), "");
      assert.equal(await booted.sh("ls /usr/lib/thingscope 2>/dev/null || true"), "");
      await booted.told("test", "-e", "/etc/default/thingscope");
      await booted.install([made.server]);
      await assertServes(booted);
      await assertFilled(booted);
    });

    await t.test("purged, it leaves what was recorded, and nothing else", async () => {
      await booted.remove("thingscope", { purge: true });
      const left = "find / -xdev -name '*thingscope*' -not -path '/root/*' -not -path '*/tmp/*'";
      const others =
        "-not -path '/usr/lib/thingscope-node*' -not -path '/usr/share/doc/thingscope-node*' -not -name 'thingscope-node.*'";
      const found = (await booted.sh(`${left} ${others}`)).split("\n");
      assert.deepEqual(
        found.filter((path) => !path.startsWith("/var/lib/private/thingscope/")).sort(),
        ["/var/lib/private/thingscope", STATE],
      );
      assert.match(await booted.sh(`ls ${STATE}/recordings`), /\.mkv$/m);
      const state = "systemctl show thingscope -p LoadState --value";
      assert.equal(await booted.sh(state), "not-found");
    });
  });

/** It is active, says so, and its camera has a picture. */
async function assertServes(booted: BootedDebian): Promise<void> {
  const jpeg = await booted.sh(
    `${CURL} --output /tmp/picture.jpg '${SERVER}/camera/mjpeg_stream/snapshot?wait=60' && echo there`,
  );
  assert.equal(jpeg, "there");
  assert.ok(inspectJpeg(await booted.bytes("cat", "/tmp/picture.jpg")).width >= 320);
  assert.equal(await booted.shown("ActiveState"), "active");
  assert.match(
    await booted.shown("StatusText"),
    /^7 of 7 Things are open; serving at http:\/\/127\.0\.0\.1:5000\/$/,
  );
}

/** A setting, an account, options and a recording that has not ended. */
async function fill(booted: BootedDebian): Promise<void> {
  const json = "--header 'Content-Type: application/json'";
  await booted.sh(`${CURL} --request PUT ${json} --data 0.7 ${SERVER}/camera/settling_time`);
  const start = '{ "name": "before" }';
  await booted.sh(`${CURL} ${json} --data '${start}' ${SERVER}/recorder/start_recording`);
  await booted.sh(
    `printf 'a long password\\na long password\\n' | ${AS_SERVICE} users add ana --role operate`,
  );
  await booted.sh(`sed -i 's/^OPTIONS=.*/OPTIONS="--embed"/' /etc/default/thingscope`);
}

async function assertFilled(booted: BootedDebian): Promise<void> {
  assert.equal(await booted.sh(`${CURL} ${SERVER}/camera/settling_time`), "0.7");
  assert.match(await booted.sh(`${AS_SERVICE} users list`), /ana/);
  const verified = `for film in recordings/*.mkv; do thingscope verify $film || exit 1; done`;
  await booted.sh(`cd ${STATE} && ${verified}`);
}

/** Resolves when systemd has started the service for the `count`th time after a failure. */
async function restarted(booted: BootedDebian, count: number): Promise<void> {
  await booted.sh(
    `until [ "$(systemctl show thingscope -p NRestarts --value)" -ge ${count} ] && systemctl is-active --quiet thingscope; do sleep 1; done`,
  );
}
