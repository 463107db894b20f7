import { existsSync, readdirSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { basename, delimiter, join } from "node:path";

/** Debian's kernel as `scripts/setup --vm` has unpacked it. */
export interface Kernel {
  readonly image: string;
  readonly version: string;
  /** Folder of its modules, with modules.dep. */
  readonly modules: string;
}

const PROGRAMS = { qemu: "qemu-system-x86_64", busybox: "busybox" } as const;

/** The programs and the kernel that the machine is made of. @throws Error that says what is missing and how to get it. */
export function machineParts(): { qemu: string; busybox: string; kernel: Kernel } {
  if (process.platform !== "linux" || process.arch !== "x64") {
    throw new Error(
      `The test machine shares the files and programs of its host, which must be Linux on x86-64; this is ${process.platform} on ${process.arch}.`,
    );
  }
  const folder = kernelFolder();
  const version = newestIn(folder);
  const qemu = found(PROGRAMS.qemu);
  const busybox = found(PROGRAMS.busybox);
  const missing = [
    ...(qemu ? [] : [PROGRAMS.qemu]),
    ...(busybox ? [] : [`${PROGRAMS.busybox} (static)`]),
    ...(version ? [] : [`Debian's kernel in ${folder}`]),
  ];
  if (!qemu || !busybox || !version) {
    throw new Error(
      `The test machine needs ${missing.join(", ")}, which this computer lacks: run scripts/setup --vm.`,
    );
  }
  const root = join(folder, version);
  const modules = join(root, "lib", "modules", version);
  const image = join(root, "boot", `vmlinuz-${version}`);
  return { qemu, busybox, kernel: { image, version, modules } };
}

/** Files of the modules that `names` need, each after those that it needs itself. */
export function modulesFor({ modules }: Kernel, names: readonly string[]): string[] {
  const lines = readFileSync(join(modules, "modules.dep"), "utf8").trim().split("\n");
  const needs = new Map(
    lines.map((line): [string, string[]] => {
      const [file = "", rest = ""] = line.split(":");
      return [moduleName(file), [file, ...rest.split(" ").filter(Boolean)]];
    }),
  );
  const files = names.flatMap((name) => {
    const found = needs.get(name);
    if (!found) throw new Error(`The kernel in ${modules} has no module ${name}.`);
    return found.toReversed();
  });
  return [...new Set(files)].map((file) => join(modules, file));
}

export function moduleName(file: string): string {
  return basename(file, ".ko").replaceAll("-", "_");
}

/** Where `scripts/setup --vm` puts kernels, each in a folder of its version. */
function kernelFolder(): string {
  const { THINGSCOPE_VM_CACHE, XDG_CACHE_HOME } = process.env;
  return THINGSCOPE_VM_CACHE ?? join(XDG_CACHE_HOME ?? join(homedir(), ".cache"), "thingscope-vm");
}

function newestIn(folder: string): string | undefined {
  const versions = existsSync(folder) ? readdirSync(folder) : [];
  const { compare } = new Intl.Collator("en", { numeric: true });
  return versions
    .filter((name) => /^\d/.test(name))
    .sort(compare)
    .at(-1);
}

function found(program: string): string | undefined {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, program)).find((path) => existsSync(path));
}
