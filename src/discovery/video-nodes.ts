import { readdir, readFile, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { SystemRoots } from "./roots.ts";

/** What sysfs tells of the USB device behind a video node. */
export interface UsbDevice {
  /** Four hexadecimal digits: `046d`. */
  readonly vendor: string;
  readonly product: string;
  /** Of its maker; undefined where it has none. */
  readonly serial: string | undefined;
  readonly name: string;
  /** Which of the functions of the device it is: `00`. */
  readonly interface: string;
  /** The port that it is plugged into: controller, generation of the bus, and numbers of the ports on the way: `0000:00:14.0/usb2/1.3`. */
  readonly port: string;
  /** Number of the bus, which its devices share the bandwidth of. */
  readonly bus: number;
  /** Mbit/s */
  readonly speed: number;
  /** Another number each time that it is plugged in. */
  readonly plugged: string;
}

/** One /dev/videoN. */
export interface VideoNode {
  /** `video0` */
  readonly node: string;
  /** `/dev/video0` */
  readonly path: string;
  /** What its driver calls it. */
  readonly name: string;
  /** Which node of its device it is; drivers for USB cameras put the one for pictures first, and one for metadata after it. */
  readonly index: number;
  readonly driver: string;
  /** The device that it belongs to: `1-2:1.0`, `vivid.0`. */
  readonly device: string;
  /** Undefined for a device on another bus. */
  readonly usb: UsbDevice | undefined;
}

/** More than this many nodes are not looked at. */
export const MOST_NODES = 256;

/** The video nodes that the kernel has, by number. None where there is no video4linux. One that goes while it is read is left out. */
export async function videoNodes(roots: SystemRoots): Promise<VideoNode[]> {
  const folder = join(roots.sys, "class", "video4linux");
  const names = await readdir(folder).catch(() => []);
  const numbered = names.filter((name) => /^video\d+$/.test(name)).sort(byNumber);
  const nodes = await Promise.all(
    numbered.slice(0, MOST_NODES).map((node) => nodeAt(folder, node, roots).catch(() => undefined)),
  );
  return nodes.filter((node) => node !== undefined);
}

async function nodeAt(folder: string, node: string, roots: SystemRoots): Promise<VideoNode> {
  const at = join(folder, node);
  const device = await realpath(join(at, "device"));
  const [name, index, driver, usb] = await Promise.all([
    textOf(join(at, "name")),
    textOf(join(at, "index")),
    realpath(join(device, "driver")).then(basename, () => ""),
    usbDeviceOf(device),
  ]);
  const path = join(roots.dev, node);
  return {
    ...{ node, path, name: name || node, index: Number(index) || 0, driver },
    ...{ device: basename(device), usb },
  };
}

/** The device is an interface of a USB device, whose folder is the one above it. */
async function usbDeviceOf(device: string): Promise<UsbDevice | undefined> {
  const above = dirname(device);
  const read = (name: string) => textOf(join(above, name));
  const [vendor, product] = await Promise.all([read("idVendor"), read("idProduct")]);
  if (!/^[0-9a-f]{4}$/.test(vendor) || !/^[0-9a-f]{4}$/.test(product)) return undefined;
  const [serial, maker, name, ports, bus, speed, plugged, number] = await Promise.all([
    ...["serial", "manufacturer", "product", "devpath", "busnum", "speed", "devnum"].map(read),
    textOf(join(device, "bInterfaceNumber")),
  ]);
  const hub = rootHubOf(above);
  const generation = Number(await textOf(join(hub, "speed"))) >= 5000 ? "usb3" : "usb2";
  return {
    vendor,
    product,
    serial: isTelling(serial!) ? serial : undefined,
    name: titleOf(maker!, name!),
    interface: number || "00",
    port: `${basename(dirname(hub))}/${generation}/${ports || basename(above)}`,
    bus: Number(bus) || 0,
    speed: Number(speed) || 0,
    plugged: plugged!,
  };
}

/** The folder of the bus above a device: `usb1`. Hubs may be between them. */
function rootHubOf(device: string): string {
  for (let folder = device; folder !== dirname(folder); folder = dirname(folder)) {
    if (/^usb\d+$/.test(basename(folder))) return folder;
  }
  return device;
}

/** Firmware that nobody gave a number has one of a single character, or none. */
function isTelling(serial: string): boolean {
  return serial.length > 1 && new Set(serial).size > 1;
}

/** Cameras repeat their maker's name in their own, or have a number for it. */
function titleOf(maker: string, name: string): string {
  if (!name) return maker;
  const isRepeated = name.toLowerCase().startsWith(maker.toLowerCase());
  return isRepeated || !/[a-z]{2}/i.test(maker) ? name : `${maker} ${name}`;
}

const LONGEST_TEXT = 200; // characters

/** A file of sysfs, on one line and without what a terminal would act on; empty when it is not there. */
async function textOf(file: string): Promise<string> {
  const text = await readFile(file, "utf8").catch(() => "");
  return text
    .replace(/[\p{C}\s]+/gu, " ")
    .trim()
    .slice(0, LONGEST_TEXT);
}

function byNumber(a: string, b: string): number {
  return Number(a.slice(5)) - Number(b.slice(5));
}
