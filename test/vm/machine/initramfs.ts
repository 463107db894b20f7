import { readFileSync } from "node:fs";
import { packagePath } from "../../../src/base/package-root.ts";
import { type Kernel, moduleName, modulesFor } from "./kernel.ts";
import { NewcArchive } from "./newc.ts";

/** Names as in modules.dep: disks and console of the machine, then cameras. */
const MODULES = [
  ...["virtio_pci", "virtio_console", "9pnet_virtio", "9p", "overlay"],
  ...["uvcvideo", "vhci_hcd", "vivid"],
];
/** Two cameras of vivid: the first has one plane for each picture, the second several. */
const OPTIONS: Readonly<Record<string, string>> = {
  vivid: "n_devs=2 node_types=0x1,0x1 multiplanar=1,2",
};

/** What the kernel starts with: busybox, the modules in the order of their needs, and init.sh. */
export function initramfs(kernel: Kernel, busybox: string): Uint8Array {
  const archive = new NewcArchive();
  for (const name of ["bin", "dev", "proc", "sys", "modules"]) archive.folder(name);
  archive.device("dev/console", 5, 1).file("bin/busybox", readFileSync(busybox));
  const files = modulesFor(kernel, MODULES);
  for (const file of files) archive.file(pathOf(file), readFileSync(file));
  const load = files.map((file) => `insmod /${pathOf(file)} ${OPTIONS[moduleName(file)] ?? ""}`);
  return archive
    .file("load.sh", `${load.join("\n")}\n`)
    .file("init", readFileSync(packagePath("test", "vm", "machine", "init.sh")))
    .bytes();
}

function pathOf(file: string): string {
  return `modules/${moduleName(file)}.ko`;
}
