// The Debian packages as apt installs them, without a systemd that runs: test/distros/debian-package.test.ts has what that does with them.
import { before, test } from "node:test";
import { type DebianPackages, debianPackages } from "../distros/debian-packages.ts";
import { type Debian, installed, tryDebianPackages } from "../distros/debian-trial.ts";
import { TEST_MS } from "../limits.ts";
import { needsRoot } from "../needs.ts";

const timeout = TEST_MS;
const root = needsRoot("installs a Debian");
const DEBIAN: Debian = { suite: "bookworm", architecture: "amd64", included: [] };

let made: DebianPackages;

if (!root.skip) {
  // Each takes a while of its own on a busy machine.
  before(() => installed(DEBIAN), { timeout });
  before(
    async () => {
      made = await debianPackages("amd64");
    },
    { timeout },
  );
}

test(
  "Debian 12 installs the packages in a chroot, the command of the unit serves a picture, and a purge leaves nothing but its folder",
  {
    timeout,
    ...root,
  },
  () => tryDebianPackages(DEBIAN, [made.server, made.node]),
);
