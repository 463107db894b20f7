import { cp, mkdir, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { cached, debian, nodeForMusl, nodeOfNpm } from "./downloads.ts";
import { UserLand } from "./user-land.ts";

/** What a shell and Node need, and nothing that compiles. */
export const BASE = "base-files bash dash coreutils mount libc6 libstdc++6 sed grep".split(" ");
const NODE_IN_DEBIAN = [...BASE, "libatomic1", "nodejs"];
const NODE_20 = "20.20.2";
/** The newest on PyPI for both processors that Alpine's own is not older than. */
const MUSL_NODE = "22.20.0";

/** A user land to try, and the system that it stands for. */
export interface Tried {
  readonly title: string;
  /** What `process.arch` is. */
  readonly arch: string;
  /** The version of glibc, or musl. */
  readonly library: string;
  readonly open: () => Promise<UserLand>;
}

export const ON_X64: readonly Tried[] = [
  debianWithNode("Debian 11, whose C library is older than Ubuntu 22.04's", "bullseye", "2.31"),
  debianWithNode("Debian 12, whose C library is newer than Ubuntu 22.04's", "bookworm", "2.36"),
  debianWithItsNode("Debian 13 with its own Node", "trixie", "amd64", "x64", "2.41"),
  musl("musl and busybox, as in Alpine", "x64"),
];

export const ON_ARM64: readonly Tried[] = [
  debianWithNode("Debian 12 arm64, as in Raspberry Pi OS", "bookworm", "2.36", "arm64"),
  debianWithItsNode("Debian 13 arm64 with its own Node", "trixie", "arm64", "arm64", "2.41"),
  musl("musl and busybox arm64, as in Alpine", "arm64"),
];

/** Processors that the package has no binaries for. */
export const ON_OTHERS: readonly Tried[] = [
  debianWithItsNode(
    "Debian 13 armhf, as in Raspberry Pi OS 32-bit",
    "trixie",
    "armhf",
    "arm",
    "2.41",
  ),
  debianWithItsNode("Debian 13 riscv64", "trixie", "riscv64", "riscv64", "2.41"),
];

/** Debian 12 for x64, with another Node of npm's. */
export async function debian12(node = NODE_20): Promise<UserLand> {
  return UserLand.open(await debian("bookworm", "amd64", BASE), await nodeOfNpm(node, "x64"));
}

function debianWithNode(
  title: string,
  suite: string,
  library: string,
  arch: "x64" | "arm64" = "x64",
): Tried {
  const architecture = arch === "x64" ? "amd64" : arch;
  const open = async () =>
    UserLand.open(await debian(suite, architecture, BASE), await nodeOfNpm(NODE_20, arch));
  return { title, arch, library, open };
}

function debianWithItsNode(
  title: string,
  suite: string,
  architecture: string,
  arch: string,
  library: string,
): Tried {
  const open = async () =>
    UserLand.open(await debian(suite, architecture, NODE_IN_DEBIAN), undefined);
  return { title, arch, library, open };
}

function musl(title: string, arch: "x64" | "arm64"): Tried {
  const cpu = arch === "x64" ? "x86_64" : "aarch64";
  const open = async () =>
    UserLand.open(await muslAndBusybox(cpu), await nodeForMusl(MUSL_NODE, cpu));
  return { title, arch, library: "musl", open };
}

const APPLETS = [
  "sh",
  "env",
  "ls",
  "cat",
  "cp",
  "mv",
  "rm",
  "mkdir",
  "ln",
  "chmod",
  "sed",
  "grep",
  "uname",
  "id",
];

/** A land without glibc. Alpine's own packages are built from the same sources. */
async function muslAndBusybox(cpu: "x86_64" | "aarch64"): Promise<string> {
  return cached(`musl-${cpu}`, async (folder) => {
    const architecture = cpu === "x86_64" ? "amd64" : "arm64";
    const unpacked = await debian("trixie", architecture, ["musl", "busybox-static"]);
    await cp(unpacked, folder, { recursive: true, verbatimSymlinks: true });
    for (const name of APPLETS) await symlink("busybox", join(folder, "usr", "bin", name));
    await mkdir(join(folder, "etc"), { recursive: true });
    await writeFile(join(folder, "etc", `ld-musl-${cpu}.path`), "/lib\n/usr/lib\n/opt/node/lib\n");
  });
}
