import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, constants, openSync, rmSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { initramfs } from "./initramfs.ts";
import { type Kernel, machineParts } from "./kernel.ts";
import { ProcessorTimes } from "./processor-times.ts";

export interface RunOptions {
  /** Environment of the command, beside PATH and HOME. */
  readonly env: Readonly<Record<string, string>>;
  /** Where the command runs: a folder of the host. */
  readonly cwd: string;
  /** How long the machine may take in all, ms. */
  readonly limitMs: number;
}

const UP = "test machine is up";
/** How long a machine with KVM has to come up before it is taken for one that does not work, ms; it takes 2 s. */
const KVM_UP_MS = 20_000;
const EMULATED = ["-accel", "tcg,thread=multi,tb-size=512", "-cpu", "max"];
const ACCELERATED = ["-accel", "kvm", "-cpu", "host"];
const LOG_LINES = 40;

/**
 * Boots the test machine, runs `command` there as root, and turns it off. What the command prints goes to this process's
 * standard output. The machine sees the host's files; what it writes is in its memory, and gone when it ends.
 *
 * @returns The command's exit code.
 * @throws Error that says why the machine did not come up or did not end, with the last lines of its kernel.
 */
export async function runInMachine(
  command: readonly string[],
  options: RunOptions,
): Promise<number> {
  const { qemu, busybox, kernel } = machineParts();
  const folder = await mkdtemp(join(tmpdir(), "thingscope-vm-"));
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => process.exit(1));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  try {
    await writeFile(join(folder, "initramfs"), initramfs(kernel, busybox));
    await writeFile(join(folder, "run.sh"), script(command, options));
    const accelerated = mayAccelerate() ? await tried(qemu, kernel, folder, options) : undefined;
    const code = accelerated ?? (await booted(qemu, kernel, folder, options, EMULATED));
    if (code === undefined) throw new Error(await failure("did not come up", folder));
    return code;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

/** With KVM; undefined where that does not work, as in most containers. */
async function tried(qemu: string, kernel: Kernel, folder: string, options: RunOptions) {
  const code = await booted(qemu, kernel, folder, options, ACCELERATED, KVM_UP_MS);
  if (code === undefined)
    console.log("# /dev/kvm is there and does not work: the test machine is emulated.");
  return code;
}

/** @returns The exit code of the command; undefined when the machine did not come up within `upMs`. */
async function booted(
  qemu: string,
  kernel: Kernel,
  folder: string,
  { limitMs }: RunOptions,
  cpu: readonly string[],
  upMs = limitMs,
): Promise<number | undefined> {
  await writeFile(join(folder, "kernel.log"), "");
  // With a standard input that ends, QEMU tells the machine that nobody reads what it prints, and it waits.
  const machine = spawn(qemu, [...cpu, ...hardware(kernel, folder)], {
    stdio: ["pipe", "inherit", "pipe"],
  });
  let complaint = "";
  machine.stderr?.on("data", (text) => {
    complaint = (complaint + text).slice(-2000);
  });
  const kill = () => machine.kill("SIGKILL");
  process.once("exit", kill);
  const times = new ProcessorTimes(machine.pid ?? 0);
  try {
    const ended = once(machine, "close");
    if (!(await isUp(machine, folder, upMs))) return undefined;
    const end = new AbortController();
    const late = sleep(limitMs, true, { signal: end.signal }).catch(() => false);
    const isLate = (await Promise.race([ended, late])) === true;
    end.abort();
    if (isLate) throw new Error(await failure(`was stopped after ${limitMs / 1000} s`, folder));
    const code = await readFile(join(folder, "rc"), "utf8").catch(() => undefined);
    if (code === undefined)
      throw new Error(await failure(`ended without a result ${complaint}`, folder));
    console.log(`# ${times.end()}`);
    return Number(code);
  } finally {
    times.end();
    kill();
    process.off("exit", kill);
  }
}

/** Whether the kernel's log says within `ms` that the machine is up; it may have ended since. */
async function isUp(machine: ChildProcess, folder: string, ms: number): Promise<boolean> {
  const last = performance.now() + ms;
  while (performance.now() < last) {
    const hasEnded = machine.exitCode !== null || machine.signalCode !== null;
    if ((await readFile(join(folder, "kernel.log"), "utf8")).includes(UP)) return true;
    if (hasEnded) return false;
    await sleep(100);
  }
  return false;
}

function hardware({ image }: Kernel, folder: string): string[] {
  const shared = "security_model=none,multidevs=remap";
  return [
    ...["-machine", "q35", "-smp", "2", "-m", "2048", "-nodefaults", "-no-user-config"],
    ...["-display", "none", "-no-reboot", "-serial", `file:${join(folder, "kernel.log")}`],
    ...["-kernel", image, "-initrd", join(folder, "initramfs")],
    ...["-append", "console=ttyS0 quiet loglevel=4 panic=-1"],
    ...["-fsdev", `local,id=host,path=/,readonly=on,${shared}`],
    ...["-device", "virtio-9p-pci,fsdev=host,mount_tag=host"],
    ...["-fsdev", `local,id=vmout,path=${folder},${shared}`],
    ...["-device", "virtio-9p-pci,fsdev=vmout,mount_tag=vmout"],
    // What the command prints has a port of its own: the serial one is slow, and the kernel's.
    ...["-device", "virtio-serial-pci", "-chardev", "stdio,id=printed,signal=off"],
    ...["-device", "virtserialport,chardev=printed,nr=1"],
  ];
}

function script(command: readonly string[], { env, cwd }: RunOptions): string {
  const all = { PATH: process.env.PATH ?? "", HOME: "/root", LANG: "C.UTF-8", ...env };
  const set = Object.entries(all).map(([name, value]) => `export ${name}=${quoted(value)}`);
  return [...set, `cd ${quoted(cwd)}`, `exec ${command.map(quoted).join(" ")}`, ""].join("\n");
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}

function mayAccelerate(): boolean {
  try {
    closeSync(openSync("/dev/kvm", constants.O_RDWR));
    return true;
  } catch {
    return false;
  }
}

async function failure(what: string, folder: string): Promise<string> {
  const log = await readFile(join(folder, "kernel.log"), "utf8").catch(() => "");
  const last = log.trim().split("\n").slice(-LOG_LINES).join("\n");
  return `The test machine ${what}. The last lines of its kernel:\n${last}`;
}
