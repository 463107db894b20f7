import assert from "node:assert/strict";
import { basename, dirname } from "node:path";
import { cached, call, debianRoot } from "./downloads.ts";
import { assertNothingIsLost } from "./trial.ts";
import { UserLand } from "./user-land.ts";

/** In the namespace of a user land there is no user but root. */
const APT = "apt-get --yes --no-install-recommends -o APT::Sandbox::User=root";
const HOME = "/var/lib/thingscope";
const UNIT = "/usr/lib/systemd/system/thingscope.service";

/** Folders that nobody but a user of apt's can read. */
const APT_OWNS = "-path /var/lib/apt -prune -o -path /var/cache/apt -prune -o";
const LEFT = `-not -path '${HOME}/*'`;

/** What systemd does with the unit's command: its folder, the file of its options, and their words as arguments. */
const AS_THE_UNIT_SAYS = [
  `sh -c 'cd ${HOME}; . /etc/default/thingscope`,
  `eval exec $(sed -n s/^ExecStart=//p ${UNIT})'`,
].join("; ");

/** A Debian to try packages in. */
export interface Debian {
  readonly suite: "bookworm" | "trixie";
  readonly architecture: "amd64" | "arm64";
  /** Packages beside those of a smallest Debian. */
  readonly included: readonly string[];
}

/** Installs a Debian in a folder of the cache, once. */
export async function installed({ suite, architecture, included }: Debian): Promise<string> {
  const name = `root-${suite}-${architecture}`;
  const root = await debianRoot(name, suite, included, architecture);
  return cached(`${name}-unpacked`, (folder) => call("tar", ["-xf", root, "-C", folder]));
}

/** Apt installs the packages in `files`, the command of the unit serves a picture, and a purge leaves nothing but the service's folder. */
export async function tryDebianPackages(debian: Debian, files: readonly string[]): Promise<void> {
  await using land = await UserLand.bare(await installed(debian));
  const paths = files.map((file) => `/opt/tool/${basename(file)}`).join(" ");
  await land.told(`${APT} install ${paths}`, { tool: dirname(files[0]!) });
  const names = files.map((file) => basename(file).replace(/_.*/, "")).sort();
  assert.deepEqual(
    await thingscopes(land),
    names.map((name) => `ii ${name} ${debian.architecture}`),
  );

  await land.told(`mkdir ${HOME}`);
  await land.told(`sed -i 's/^OPTIONS=.*/OPTIONS="--simulated --port 0"/' /etc/default/thingscope`);
  await assertNothingIsLost(land, "thingscope", AS_THE_UNIT_SAYS);

  await land.told(`${APT} purge ${names.join(" ")}`);
  assert.deepEqual(await thingscopes(land), []);
  const found = await land.told(
    `find /etc /usr /var ${APT_OWNS} -name '*thingscope*' ${LEFT} -print`,
  );
  assert.deepEqual(found.split("\n"), [HOME]);
}

/** State, name and processor of each package of Thingscope that dpkg knows. */
async function thingscopes(land: UserLand): Promise<string[]> {
  const format = `\${db:Status-Abbrev}\${Package} \${Architecture}\\n`;
  const listed = await land.told(
    `dpkg-query --show --showformat '${format}' | grep thingscope || true`,
  );
  return listed.split("\n").filter(Boolean);
}
