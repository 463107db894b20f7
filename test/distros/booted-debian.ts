import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { readFile, rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { delay } from "../../src/base/abort.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { call, debianRoot } from "./downloads.ts";
import { LAND_MS } from "./limits.ts";

const run = promisify(execFile);
const INCLUDED = "systemd systemd-sysv dbus libnss-systemd curl ca-certificates".split(" ");
const ENVIRONMENT = {
  PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
  LC_ALL: "C.UTF-8",
  DEBIAN_FRONTEND: "noninteractive",
};
const APT = [
  "apt-get",
  "--yes",
  "--no-install-recommends",
  "-o",
  "Dpkg::Options::=--force-confold",
];
/** systemd 257 takes no older hierarchy of cgroups, and 252 takes this one, whatever the machine itself has. */
const NSPAWN_ENVIRONMENT = { ...process.env, SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: "1" };

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

  /**
   * @param debs - Files, which apt installs before it is started.
   * @param more - Packages of the suite that it has beside.
   */
  static async with(
    suite: string,
    debs: readonly string[],
    more: readonly string[] = [],
  ): Promise<BootedDebian> {
    const folder = await temporaryFolder("booted-");
    await call("tar", ["-xf", await rootOf(suite, more), "-C", folder]);
    const options = { env: ENVIRONMENT, maxBuffer: 2 ** 26, timeout: LAND_MS };
    await run("chroot", [folder, ...APT, "install", ...(await placed(folder, debs))], options);
    return new BootedDebian(folder, ...(await booted(folder)));
  }

  /** Installs files by apt, as an administrator of the running system does. */
  async install(debs: readonly string[]): Promise<void> {
    await this.told(...APT, "install", ...(await placed(this.#folder, debs)));
  }

  /** Removes a package by apt, or purges it. */
  async remove(name: string, { purge = false } = {}): Promise<void> {
    await this.told(...APT, purge ? "purge" : "remove", name);
  }

  /** A command inside that has to succeed: what it printed. */
  async told(...command: string[]): Promise<string> {
    return (await this.bytes(...command)).toString().trim();
  }

  /** A line of the shell, the same. */
  sh(line: string): Promise<string> {
    return this.told("sh", "-c", line);
  }

  /** What a command printed, as it is. */
  async bytes(...command: string[]): Promise<Buffer> {
    const options = { env: ENVIRONMENT, encoding: "buffer", timeout: LAND_MS } as const;
    const enter = [...entering(this.#init), ...command];
    return (await run("nsenter", enter, { ...options, maxBuffer: 2 ** 26 })).stdout;
  }

  /** One property of the service, as `systemctl show` has it. */
  shown(property: string): Promise<string> {
    return this.told("systemctl", "show", "thingscope", "-p", property, "--value");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const ended = once(this.#container, "close");
    // Its first process takes nothing else for the end; all others end with it.
    process.kill(this.#init, "SIGKILL");
    await ended;
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** Puts packages where they are found inside, and says where. */
async function placed(folder: string, debs: readonly string[]): Promise<string[]> {
  for (const deb of debs) await call("cp", [deb, join(folder, "root")]);
  return debs.map((deb) => `/root/${basename(deb)}`);
}

/** The container, and the number of its first process, once all units of its start have been started or have failed. */
async function booted(folder: string): Promise<[ChildProcess, number]> {
  const options = ["--quiet", "--register=no", "--keep-unit", "--private-network"];
  const place = [`--directory=${folder}`, "--console=pipe"];
  const container = spawn("systemd-nspawn", ["--boot", ...options, ...place], {
    stdio: ["ignore", "ignore", "inherit"],
    env: NSPAWN_ENVIRONMENT,
    timeout: LAND_MS,
    killSignal: "SIGKILL",
  });
  const init = await firstProcess(container);
  const asked = "systemctl is-system-running --wait 2>/dev/null | grep -qE 'running|degraded'";
  await run("nsenter", [...entering(init), "sh", "-c", `until ${asked}; do sleep 0.2; done`], {
    env: ENVIRONMENT,
    timeout: LAND_MS,
  });
  return [container, init];
}

async function firstProcess(container: ChildProcess): Promise<number> {
  const { pid } = container;
  while (pid !== undefined && container.exitCode === null && container.signalCode === null) {
    const children = await readFile(`/proc/${pid}/task/${pid}/children`, "utf8").catch(() => "");
    for (const child of children.trim().split(" ").filter(Boolean)) {
      const name = await readFile(`/proc/${child}/comm`, "utf8").catch(() => "");
      if (name.trim() === "systemd") return Number(child);
    }
    await delay(100);
  }
  throw new Error("systemd-nspawn has ended before it started anything. It says why above.");
}

function entering(init: number): string[] {
  return ["--target", String(init), "--mount", "--uts", "--ipc", "--net", "--pid", "--"];
}

function rootOf(suite: string, more: readonly string[]): Promise<string> {
  return debianRoot(["booted", suite, ...more].join("-"), suite, [...INCLUDED, ...more]);
}
