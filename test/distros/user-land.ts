import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { packagePath } from "../../src/base/package-root.ts";
import { temporaryFolder } from "../temporary-folder.ts";
import { NPM_CACHE, npmPackage, packed } from "./downloads.ts";
import { LAND_MS } from "./limits.ts";

/** How a command ended. */
export interface Ended {
  readonly code: number | null;
  readonly stdout: Buffer;
  readonly stderr: string;
}

interface Extras {
  readonly input?: Uint8Array;
  /** A folder that is bound at /opt/tool. */
  readonly tool?: string;
}

/** A server that is emulated takes its time. */
const STOPS_WITHIN_MS = 20_000;

/** The command of an installed package. */
export const THINGSCOPE = "node_modules/thingscope/dist/bundle/src/cli/main.js";

/** What serves the simulated microscope, at a free port. */
export const SERVE = "serve --simulated --port 0";

let pack: Promise<string> | undefined;

/** The packed V4L2 program for x64, which this machine runs. */
export async function packedProgram(): Promise<string> {
  pack ??= temporaryFolder("packed-").then(packed);
  return join(await pack, "package", "prebuilds", "linux-x64", "v4l2-camera");
}

/** Files of a Linux system, which are entered. What is changed in it is its own. */
export class UserLand implements AsyncDisposable {
  readonly #folder: string;
  readonly #binds: readonly string[];
  readonly #land: string;

  private constructor(land: string, folder: string, binds: readonly string[]) {
    this.#land = land;
    this.#folder = folder;
    this.#binds = binds;
  }

  /**
   * With a Node, with npm and with the packed package beside.
   *
   * @param node - The folder with `bin/node`; undefined where the land has a Node of its own.
   */
  static async open(land: string, node: string | undefined): Promise<UserLand> {
    pack ??= temporaryFolder("packed-").then(packed);
    await mkdir(NPM_CACHE, { recursive: true });
    const places: [string, string][] = [
      [await npmPackage("npm@10"), "/opt/npm"],
      [await pack, "/opt/pack"],
      [NPM_CACHE, "/opt/npm-cache"],
    ];
    if (node) places.push([node, "/opt/node"]);
    return UserLand.bare(land, places);
  }

  /** @param places - Folders of this machine, and where they are found inside. */
  static async bare(land: string, places: readonly [string, string][] = []): Promise<UserLand> {
    const binds = places.flatMap(([from, to]) => ["--bind", `${from}=${to}`]);
    const opened = new UserLand(land, await temporaryFolder("user-land-"), binds);
    const project = join(opened.#folder, "upper", "root", "lab");
    await mkdir(project, { recursive: true });
    await writeFile(join(project, "package.json"), '{ "name": "lab", "private": true }');
    return opened;
  }

  /** Runs a line of its shell in the project's folder, with a folder of npm's at /opt/tool if need be, to its end. */
  async sh(line: string, { input = new Uint8Array(), tool = "" }: Extras = {}): Promise<Ended> {
    const child = this.#spawn(line, tool);
    const [out, errors]: [Buffer[], Buffer[]] = [[], []];
    child.stdout!.on("data", (chunk: Buffer) => out.push(chunk));
    child.stderr!.on("data", (chunk: Buffer) => errors.push(chunk));
    child.stdin!.on("error", () => {}); // it may end before it has read all
    child.stdin!.end(input);
    const [code] = (await once(child, "close")) as [number | null];
    return { code, stdout: Buffer.concat(out), stderr: Buffer.concat(errors).toString() };
  }

  /** A line that has to succeed: what it printed. */
  async told(line: string, options: Extras = {}): Promise<string> {
    const { code, stdout, stderr } = await this.sh(line, options);
    if (code !== 0) throw new Error(`'${line}' ended with ${code}: ${stdout}${stderr}`);
    return stdout.toString().trim();
  }

  /** Serves by a command while `use` looks at it. What the log said, of warnings and errors. */
  async serving(use: (url: string) => Promise<void>, serve = `node ${THINGSCOPE} ${SERVE}`) {
    const child = this.#spawn(`exec ${serve} 2>&1`, "");
    const ended = once(child, "close");
    const lines: string[] = [];
    const address = new Promise<string>((resolve, reject) => {
      createInterface(child.stdout!).on("line", (line) => {
        lines.push(line);
        const url = /"url":"(http:[^"]*\d)"/.exec(line)?.[1];
        if (url) resolve(url);
      });
      ended.then(() => reject(new Error(`It ended: ${lines.join("\n")}`)), reject);
    });
    try {
      await use(await address);
    } finally {
      // As its user stops it: what is killed in a container leaves a wait for the next one behind (docs/disks.md).
      for (const pid of serversBelow(child.pid!)) process.kill(pid, "SIGTERM");
      await Promise.race([ended, delay(STOPS_WITHIN_MS, undefined, { ref: false })]);
      child.kill("SIGKILL");
      await ended;
    }
    return lines.filter((line) => /"level":[45]0/.test(line));
  }

  #spawn(line: string, tool: string): ChildProcess {
    const enter = packagePath("scripts", "enter-user-land");
    const more = tool ? ["--bind", `${tool}=/opt/tool`] : [];
    const shell = ["--", "/bin/sh", "-c", `cd /root/lab; ${line}`];
    return spawn(enter, [this.#land, this.#folder, ...this.#binds, ...more, ...shell], {
      signal: AbortSignal.timeout(LAND_MS),
      killSignal: "SIGKILL",
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

/** The processes that serve, of those that a process has begun. */
function serversBelow(pid: number): number[] {
  const path = `/proc/${pid}/task/${pid}/children`;
  return readFileSync(path, "utf8")
    .split(" ")
    .filter(Boolean)
    .flatMap((child) => {
      const isServer = /thingscope[^\0]*\0serve\0/.test(
        readFileSync(`/proc/${child}/cmdline`, "latin1"),
      );
      const below = serversBelow(Number(child));
      return below.length > 0 || !isServer ? below : [Number(child)];
    });
}
