import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import type { SystemRoots } from "../../src/discovery/roots.ts";
import { temporaryFolder } from "../temporary-folder.ts";

/** A USB camera as sysfs describes it. */
export interface FakeUsb {
  readonly vendor?: string;
  readonly product?: string;
  readonly serial?: string;
  readonly name?: string;
  /** Ports on the way from the root hub. */
  readonly port: string;
  readonly bus?: number;
  readonly speed?: number;
  /** Whether the driver makes a second node, for metadata, of the number after it. */
  readonly metadata?: boolean;
}

/** A /sys, /dev and /proc in a folder, with as much of them as Thingscope reads. */
export class FakeSystem {
  readonly roots: SystemRoots;
  #plugged = 0;

  private constructor(folder: string) {
    const at = (name: string) => join(folder, name);
    this.roots = { sys: at("sys"), dev: at("dev"), proc: at("proc"), etc: at("etc") };
  }

  static async create(): Promise<FakeSystem> {
    const system = new FakeSystem(await temporaryFolder("thingscope-system-"));
    const { sys, dev, proc } = system.roots;
    const folders = [join(sys, "class", "video4linux"), join(sys, "bus", "usb"), dev, proc];
    await Promise.all(folders.map((folder) => mkdir(folder, { recursive: true })));
    return system;
  }

  /** Writes a file below the folder of the system. */
  async file(root: keyof SystemRoots, path: string, content: string): Promise<string> {
    const file = join(this.roots[root], path);
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, content);
    return file;
  }

  /** Plugs a USB camera in under the number `number`. @returns What takes it out again. */
  async plug(number: number, usb: FakeUsb): Promise<() => Promise<void>> {
    const { vendor = "046d", product = "0825", port, bus = 1, speed = 480, name = "Webcam" } = usb;
    const hub = `devices/pci0000:00/0000:00:14.0/usb${bus}`;
    await this.file("sys", `${hub}/speed`, bus % 2 === 1 ? "480\n" : "5000\n");
    const device = `${hub}/${bus}-${port}`;
    const files: Record<string, string | undefined> = {
      ...{ idVendor: vendor, idProduct: product, serial: usb.serial, product: name },
      ...{ manufacturer: "Acme", devpath: port, busnum: String(bus), speed: String(speed) },
      devnum: String(++this.#plugged),
    };
    for (const [file, text] of Object.entries(files))
      if (text !== undefined) await this.file("sys", `${device}/${file}`, `${text}\n`);
    const part = `${device}/${bus}-${port}:1.0`;
    await this.file("sys", `${part}/bInterfaceNumber`, "00\n");
    await mkdir(join(this.roots.sys, "bus/usb/drivers/uvcvideo"), { recursive: true });
    await symlink(
      join(this.roots.sys, "bus/usb/drivers/uvcvideo"),
      join(this.roots.sys, part, "driver"),
    );
    const remove = [await this.#node(part, number, 0, name)];
    if (usb.metadata) remove.push(await this.#node(part, number + 1, 1, name));
    return async () => {
      for (const one of remove) await one();
      await rm(join(this.roots.sys, device), { recursive: true });
    };
  }

  /** A node of a device that is not on USB. */
  async builtIn(number: number, device: string, name: string): Promise<() => Promise<void>> {
    await mkdir(join(this.roots.sys, "devices/platform", device), { recursive: true });
    return this.#node(`devices/platform/${device}`, number, 0, name);
  }

  async #node(part: string, number: number, index: number, name: string) {
    const node = `video${number}`;
    const at = `${part}/video4linux/${node}`;
    await this.file("sys", `${at}/name`, `${name}\n`);
    await this.file("sys", `${at}/index`, `${index}\n`);
    await symlink("../..", join(this.roots.sys, at, "device"));
    const link = join(this.roots.sys, "class/video4linux", node);
    await symlink(relative(dirname(link), join(this.roots.sys, at)), link);
    const file = await this.file("dev", node, "");
    return async () => {
      await rm(link);
      await rm(file);
      await rm(join(this.roots.sys, at), { recursive: true });
    };
  }
}
