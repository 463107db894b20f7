import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readdir, readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { temporaryFolder } from "../temporary-folder.ts";
import { cached, call } from "./downloads.ts";
import { LAND_MS } from "./limits.ts";

const run = promisify(execFile);
const INCLUDED = "systemd,systemd-sysv,dbus,libnss-systemd,curl,ca-certificates";
const ENVIRONMENT = { PATH: "/usr/sbin:/usr/bin:/sbin:/bin", LC_ALL: "C.UTF-8" };

/** A Debian in a container, with systemd as its first process and packages installed by apt. It needs root, and sees no camera. */
export class BootedDebian implements AsyncDisposable {
  readonly #folder: string;
  readonly #container: ChildProcess;
  readonly #init: number;

  private constructor(folder: string, container: ChildProcess, init: number) {
    this.#folder = folder;
    this.#container = container;
    this.#init = init;
  }

  /** @param packages - A folder with .deb files. */
  static async with(suite: string, packages: string): Promise<BootedDebian> {
    const folder = await temporaryFolder("booted-");
    await call("tar", ["-xf", join(await rootOf(suite), "root.tar"), "-C", folder]);
    const debs = await readdir(packages);
    for (const deb of debs) await call("cp", [join(packages, deb), join(folder, "root")]);
    const install = ["apt-get", "install", "--yes", "--no-install-recommends"];
    const files = debs.map((deb) => `/root/${basename(deb)}`);
    await run("chroot", [folder, ...install, ...files], {
      env: { ...ENVIRONMENT, DEBIAN_FRONTEND: "noninteractive" },
      maxBuffer: 2 ** 26,
    });
    const options = ["--register=no", "--keep-unit", "--private-network", "--console=pipe"];
    const container = spawn("systemd-nspawn", ["--boot", `--directory=${folder}`, ...options], {
      stdio: ["ignore", "pipe", "inherit"],
      timeout: LAND_MS,
      killSignal: "SIGKILL",
    });
    for await (const line of createInterface(container.stdout)) {
      if (/Reached target.*(multi-user|graphical)\.target|login:/.test(line)) break;
    }
    container.stdout.resume();
    return new BootedDebian(folder, container, await childOf(container.pid!));
  }

  /** A command inside that has to succeed: what it printed. */
  async told(...command: string[]): Promise<string> {
    return (await this.bytes(...command)).toString().trim();
  }

  /** The same, as it is. */
  async bytes(...command: string[]): Promise<Buffer> {
    const spaces = ["--mount", "--uts", "--ipc", "--net", "--pid"];
    const enter = ["--target", String(this.#init), ...spaces, "--", ...command];
    const options = { env: ENVIRONMENT, encoding: "buffer", timeout: LAND_MS } as const;
    return (await run("nsenter", enter, options)).stdout;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#container, "close");
    // Its first process takes nothing else for the end; all others end with it.
    process.kill(this.#init, "SIGKILL");
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function rootOf(suite: string): Promise<string> {
  return cached(`booted-${suite}`, async (folder) => {
    const options = ["--variant=minbase", `--include=${INCLUDED}`];
    await call("mmdebstrap", [...options, suite, join(folder, "root.tar")]);
  });
}

async function childOf(pid: number): Promise<number> {
  return Number((await readFile(`/proc/${pid}/task/${pid}/children`, "utf8")).split(" ")[0]);
}
