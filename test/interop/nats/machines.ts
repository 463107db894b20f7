import {
  type ChildProcess,
  type ChildProcessWithoutNullStreams,
  execFile,
  spawn,
} from "node:child_process";
import { once } from "node:events";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { packagePath } from "../../../src/base/package-root.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { pythonCommand } from "../programs.ts";

const run = promisify(execFile);
const MEMBER = packagePath("dist/test/interop/nats/member-child.js");

interface Cleaning {
  after(end: () => unknown): void;
}

/** A program in a machine. */
export interface Program {
  readonly lines: readonly string[];
  readonly child: ChildProcess;
  /** Ends it at once, as a power failure would. */
  kill(): Promise<void>;
}

interface Place {
  readonly cwd?: string;
  readonly env?: NodeJS.ProcessEnv;
}

/** Three machines, each with a nats-server of one cluster: network namespaces on one bridge. Needs root. */
export class Machines {
  readonly #t: Cleaning;
  readonly #net = `10.213.${process.pid % 250}`;
  readonly #id = `ts${process.pid % 100_000}`;
  readonly folder: string;

  private constructor(t: Cleaning, folder: string) {
    this.#t = t;
    this.folder = folder;
  }

  static async three(t: Cleaning): Promise<Machines> {
    const machines = new Machines(t, await temporaryFolder("thingscope-fleet-"));
    await machines.#wire();
    return machines;
  }

  /** Of a machine, 1 to 3. */
  address(n: number): string {
    return `${this.#net}.${n}`;
  }

  broker(n: number): string {
    return `nats://${this.address(n)}:4222`;
  }

  async startBroker(n: number): Promise<Program> {
    const others = [1, 2, 3].filter((other) => other !== n);
    const routes = others.map((other) => `"nats://${this.address(other)}:6222"`).join(", ");
    const file = join(this.folder, `n${n}.conf`);
    await writeFile(
      file,
      `server_name: n${n}
listen: "${this.address(n)}:4222"
jetstream { store_dir: "${this.store(n)}", max_file_store: 1G }
cluster { name: lab, listen: "${this.address(n)}:6222", routes: [${routes}], ping_interval: "2s", ping_max: 2 }
`,
    );
    return this.run(n, [pythonCommand("nats-server"), "-c", file], { ready: /Server is ready/ });
  }

  /** Where a broker keeps what it stores: a disk of 32 MB. */
  store(n: number): string {
    return join(this.folder, `store${n}`);
  }

  /** A server of the fleet, which knows all brokers. */
  async startMember(n: number, { aheadMs = 0 } = {}): Promise<Program> {
    const folder = join(this.folder, `member${n}`);
    await mkdir(folder, { recursive: true });
    const options = { servers: this.brokersFor(n), name: `m${n}` };
    const asked = JSON.stringify({ options, folder, aheadMs });
    return this.run(n, [process.execPath, MEMBER, asked], { ready: /^JOINED/ });
  }

  /** Those of all machines, its own first. */
  brokersFor(n: number): string[] {
    return [n, (n % 3) + 1, ((n + 1) % 3) + 1].map((each) => this.broker(each));
  }

  /** Starts a program in a machine. */
  spawn(n: number, command: readonly string[], place: Place = {}): ChildProcessWithoutNullStreams {
    return spawn("ip", ["netns", "exec", `${this.#id}n${n}`, ...command], place);
  }

  /** Starts one that ends with the test, and resolves when it says what `ready` is. */
  async run(
    n: number,
    command: readonly string[],
    { ready, ...place }: Place & { readonly ready: RegExp },
  ): Promise<Program> {
    const child = this.spawn(n, command, place);
    const ended = once(child, "exit");
    const kill = async () => {
      child.kill("SIGKILL");
      await ended;
    };
    this.#t.after(kill);
    const lines: string[] = [];
    await new Promise<void>((resolve, reject) => {
      const hear = (line: string) => {
        lines.push(line);
        if (ready.test(line)) resolve();
      };
      createInterface({ input: child.stdout }).on("line", hear);
      createInterface({ input: child.stderr }).on("line", hear);
      child.once("exit", () => reject(new Error(`${command[0]} ended:\n${lines.join("\n")}`)));
    });
    return { lines, child, kill };
  }

  /** Takes a machine off the network, or puts it back. */
  async plug(n: number, isIn: boolean): Promise<void> {
    await run("ip", ["link", "set", `${this.#id}v${n}`, isIn ? "up" : "down"]);
  }

  /** What somebody at the machine itself gets. */
  async fetchAt(n: number, path: string): Promise<unknown> {
    const command = ["netns", "exec", `${this.#id}n${n}`, process.execPath, "-e"];
    const script = `fetch("http://127.0.0.1:5000${path}").then((r) => r.text()).then(console.log)`;
    const { stdout } = await run("ip", [...command, script]);
    return JSON.parse(stdout);
  }

  async #wire(): Promise<void> {
    const bridge = `${this.#id}b`;
    const ip = (line: string) => run("ip", line.split(" "));
    await ip(`link add ${bridge} type bridge`);
    this.#t.after(() => ip(`link del ${bridge}`));
    await ip(`addr add ${this.#net}.254/24 dev ${bridge}`);
    await ip(`link set ${bridge} up`);
    for (const n of [1, 2, 3]) {
      const name = `${this.#id}n${n}`;
      await ip(`netns add ${name}`);
      this.#t.after(() => ip(`netns del ${name}`));
      await ip(`link add ${this.#id}v${n} type veth peer name eth0 netns ${name}`);
      await ip(`link set ${this.#id}v${n} master ${bridge} up`);
      await ip(`-n ${name} addr add ${this.address(n)}/24 dev eth0`);
      await ip(`-n ${name} link set eth0 up`);
      await ip(`-n ${name} link set lo up`);
      await mkdir(this.store(n));
      await run("mount", ["-t", "tmpfs", "-o", "size=32M", "tmpfs", this.store(n)]);
      this.#t.after(() => run("umount", ["-l", this.store(n)]));
    }
  }
}
