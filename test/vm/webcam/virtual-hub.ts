import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { connect, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { messageOf } from "../../../src/base/errors.ts";
import { descriptorOf } from "../../../src/base/unsent.ts";
import { patience } from "../../limits.ts";

/** The kernel's virtual USB controller (vhci_hcd); its ports 0 to 14 are for devices of 480 Mbit/s. */
const HUB = "/sys/devices/platform/vhci_hcd.0";
const HIGH_SPEED = 3;
const LOOK_MS = 20;

/**
 * Plugs a device into `port`.
 * @param answer - Makes the device answer at its end of the cable, which is closed when it is unplugged.
 */
export async function attach(port: number, answer: (end: Socket) => void): Promise<Socket> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("No port to listen on");
  const accepted = once(server, "connection");
  const kernelEnd = connect({ port: address.port, host: "127.0.0.1", noDelay: true });
  // Nothing may be read here: what comes is for the kernel.
  kernelEnd.pause();
  const [deviceEnd]: Socket[] = await accepted;
  if (kernelEnd.connecting) await once(kernelEnd, "connect");
  server.close();
  deviceEnd!.setNoDelay(true);
  answer(deviceEnd!);
  const descriptor = descriptorOf(kernelEnd);
  await until(() => isWritten("attach", `${port} ${descriptor} ${port + 2} ${HIGH_SPEED}`));
  // The kernel has the socket; what is closed here is only our name of it.
  kernelEnd.destroy();
  return deviceEnd!;
}

/** Unplugs what is plugged into `port`; settles when the kernel has released it. */
export async function detach(port: number): Promise<void> {
  writeFileSync(join(HUB, "detach"), String(port));
  await until(() => !existsSync(deviceFolder(port)));
}

/** The first video node of the device in `port`, `/dev/video2`, once it is there. */
export async function videoNode(port: number): Promise<string> {
  let node: string | undefined;
  await until(() => {
    node = videoNodeNow(port);
    return node !== undefined;
  });
  return node!;
}

function videoNodeNow(port: number): string | undefined {
  const folder = "/sys/class/video4linux";
  const name = readdirSync(folder).find((entry) => {
    try {
      const isOfPort = realpathSync(join(folder, entry)).startsWith(`${deviceFolder(port)}/`);
      return isOfPort && readFileSync(join(folder, entry, "index"), "utf8").trim() === "0";
    } catch {
      return false; // It went while it was looked at.
    }
  });
  return name !== undefined && existsSync(`/dev/${name}`) ? `/dev/${name}` : undefined;
}

/** Where sysfs has the device of a port: `.../usb1/1-3` for port 2. */
function deviceFolder(port: number): string {
  const buses = readdirSync(HUB).filter((name) => /^usb\d+$/.test(name));
  const speedOf = (bus: string) => readFileSync(join(HUB, bus, "speed"), "utf8").trim();
  const bus = buses.find((name) => speedOf(name) === "480");
  return join(HUB, bus ?? "", `${bus?.slice("usb".length)}-${port + 1}`);
}

/** False while the port is still busy with what was unplugged. */
function isWritten(file: string, text: string): boolean {
  try {
    writeFileSync(join(HUB, file), text);
    return true;
  } catch (error) {
    if (messageOf(error).includes("EBUSY")) return false;
    throw error;
  }
}

async function until(holds: () => boolean): Promise<void> {
  const signal = patience();
  while (!holds()) await sleep(LOOK_MS, undefined, { signal });
}
