import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { statSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { temporaryFolder } from "../temporary-folder.ts";

const run = promisify(execFile);

/** A stick of 100 MB with exFAT, whose driver is a program that can be stopped: then the mount hangs. */
export async function newExfat(t: TestContext) {
  const image = join(await temporaryFolder("image-"), "exfat.img");
  const folder = await temporaryFolder("exfat-");
  const file = await open(image, "w");
  await file.truncate(100e6).finally(() => file.close());
  await run("mkfs.exfat", [image]).catch((cause) => {
    throw new Error("mkfs.exfat does not run. scripts/setup installs it.", { cause });
  });
  const device = (await run("losetup", ["--find", "--show", image])).stdout.trim();
  const driver = spawn("mount.exfat-fuse", ["-d", device, folder], { stdio: "ignore" });
  await mounted(folder, driver);
  await run("losetup", ["--detach", device]); // as soon as the driver lets it go, however that ends
  const ended = once(driver, "close");
  t.after(async () => {
    driver.kill("SIGCONT");
    await run("umount", ["--lazy", folder]);
    driver.kill("SIGKILL");
    await ended;
  });
  return {
    folder,
    hang: () => driver.kill("SIGSTOP"),
    goOn: () => driver.kill("SIGCONT"),
  };
}

async function mounted(folder: string, driver: ChildProcess): Promise<void> {
  const { dev } = statSync(folder);
  while (statSync(folder).dev === dev) {
    if (driver.exitCode !== null)
      throw new Error("mount.exfat-fuse ended. scripts/setup installs it.");
    await sleep(20);
  }
}
