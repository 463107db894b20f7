// The Debian packages for arm64, installed by the apt of Debian 12 and 13 arm64 under qemu-user, and run as their unit says. systemd itself does not run
// under qemu-user: debian-package.test.ts has what it does, for amd64.
import { test } from "node:test";
import { needsRoot } from "../needs.ts";
import { type DebianPackages, debianPackages } from "./debian-packages.ts";
import { tryDebianPackages } from "./debian-trial.ts";
import { LAND_MS } from "./limits.ts";

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
    await tryDebianPackages({ suite, architecture: "arm64", included }, debs(await made));
  });
