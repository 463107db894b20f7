// The Debian packages for arm64, installed by the apt of Debian 12 and 13 arm64 under qemu-user, and run as their unit says. systemd itself does not run
// under qemu-user: debian-package.test.ts has what it does, for amd64.
import assert from "node:assert/strict";
import { basename, dirname } from "node:path";
import { test } from "node:test";
import { needsRoot } from "../needs.ts";
import { type DebianPackages, debianPackages } from "./debian-packages.ts";
import { cached, call, debianRoot } from "./downloads.ts";
import { LAND_MS } from "./limits.ts";
import { assertNothingIsLost } from "./trial.ts";
import { UserLand } from "./user-land.ts";

/** In the namespace of a user land there is no user but root. */
const APT = "apt-get --yes --no-install-recommends -o APT::Sandbox::User=root";
const HOME = "/var/lib/thingscope";
const UNIT = "/usr/lib/systemd/system/thingscope.service";

/** Folders that nobody but a user of apt's can read. */
const APT_OWNS = "-path /var/lib/apt -prune -o -path /var/cache/apt -prune -o";
const LEFT = `-not -path '${HOME}/*'`;

const SYSTEMS = [
  {
    title: "Debian 12 arm64, as Raspberry Pi OS",
    suite: "bookworm",
    included: ["ca-certificates"],
    debs: ({ server, node }: DebianPackages) => [server, node],
  },
  {
    title: "Debian 13 arm64 with its own Node",
    suite: "trixie",
    included: ["nodejs"],
    debs: ({ server }: DebianPackages) => [server],
  },
] as const;

let made: Promise<DebianPackages> | undefined;

for (const { title, suite, included, debs } of SYSTEMS)
  test(`${title}: apt installs the packages, the command of the unit serves a picture, and a purge leaves nothing but its folder`, {
    timeout: LAND_MS,
    ...needsRoot("installs a Debian for another processor"),
  }, async () => {
    made ??= debianPackages("arm64");
    const files = debs(await made);
    await using land = await UserLand.open(await installed(suite, included), undefined);
    const paths = files.map((file) => `/opt/tool/${basename(file)}`).join(" ");
    await land.told(`${APT} install ${paths}`, { tool: dirname(files[0]!) });
    const names = files.map((file) => basename(file).replace(/_.*/, "")).sort();
    assert.deepEqual(
      await thingscopes(land),
      names.map((name) => `ii ${name} arm64`),
    );

    await land.told(`mkdir ${HOME}`);
    await land.told(
      `sed -i 's/^OPTIONS=.*/OPTIONS="--simulated --port 0"/' /etc/default/thingscope`,
    );
    await assertNothingIsLost(land, "thingscope", AS_THE_UNIT_SAYS);

    await land.told(`${APT} purge ${names.join(" ")}`);
    assert.deepEqual(await thingscopes(land), []);
    const found = await land.told(
      `find /etc /usr /var ${APT_OWNS} -name '*thingscope*' ${LEFT} -print`,
    );
    assert.deepEqual(found.split("\n"), [HOME]);
  });

/** What systemd does with the unit's command: its folder, the file of its options, and their words as arguments. */
const AS_THE_UNIT_SAYS = [
  `sh -c 'cd ${HOME}; . /etc/default/thingscope`,
  `eval exec $(sed -n s/^ExecStart=//p ${UNIT})'`,
].join("; ");

/** State, name and processor of each package of Thingscope that dpkg knows. */
async function thingscopes(land: UserLand): Promise<string[]> {
  const format = `\${db:Status-Abbrev}\${Package} \${Architecture}\\n`;
  const listed = await land.told(
    `dpkg-query --show --showformat '${format}' | grep thingscope || true`,
  );
  return listed.split("\n").filter(Boolean);
}

/** A Debian for arm64, in a folder. */
async function installed(suite: string, included: readonly string[]): Promise<string> {
  const root = await debianRoot(`root-${suite}-arm64`, suite, included, "arm64");
  return cached(`root-${suite}-arm64-unpacked`, (folder) =>
    call("tar", ["-xf", root, "-C", folder]),
  );
}
