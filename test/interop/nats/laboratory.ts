import { once } from "node:events";
import { mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type JetStreamManager, jetstreamManager } from "@nats-io/jetstream";
import { connect } from "@nats-io/transport-node";
import { packagePath } from "../../../src/base/package-root.ts";
import { MAIN } from "../../cli/run-cli.ts";
import { pythonCommand } from "../programs.ts";
import { FleetWatch } from "./fleet-watch.ts";
import { Kept } from "./kept.ts";
import type { Watched } from "./laboratory-viewer.ts";
import { Machines, type Program } from "./machines.ts";
import { recordedQueue } from "./queue.ts";

const NUMBERS = [1, 2, 3] as const;
const ALL = "m1 m2 m3";
export const DEADLINE_S = 30;
const STREAM = "thingscope_work~lab~m1~spots";
const nodeFile = (name: string) => fileURLToPath(new URL(name, import.meta.url));

/** All have a camera and a stage; the first has a recorder and a queue of work, too. */
const CONFIG = (n: number, machines: Machines) => `
things:
  camera: { class: thingscope/things:TestCamera, kwargs: { mode: { framerate: 10 }, keep_warm: true } }
  stage: thingscope/things:SimulatedStage
${n === 1 ? recordedQueue({ every: 2, deadline_s: DEADLINE_S }) : ""}
fleet:
  servers: ${JSON.stringify(machines.brokersFor(n))}
  name: m${n}
  url: http://${machines.address(n)}:5000
`;

/** Three machines with a broker, a server and a viewer each, four workers, and a client of the fleet. What fails is as it was before each fault begins. */
export class Laboratory {
  readonly machines: Machines;
  readonly watch: FleetWatch;
  readonly workers: readonly Kept[];
  readonly #brokers: Program[];
  readonly #servers: Program[];
  readonly #viewers: readonly Program[];

  private constructor(
    machines: Machines,
    watch: FleetWatch,
    workers: readonly Kept[],
    { brokers, servers, viewers }: Record<"brokers" | "servers" | "viewers", Program[]>,
  ) {
    this.machines = machines;
    this.watch = watch;
    this.workers = workers;
    this.#brokers = brokers;
    this.#servers = servers;
    this.#viewers = viewers;
  }

  static async open(t: TestContext): Promise<Laboratory> {
    const machines = await Machines.three(t);
    const brokers = await Promise.all(NUMBERS.map((n) => machines.startBroker(n)));
    const servers = await Promise.all(NUMBERS.map((n) => server(machines, n)));
    const watch = await FleetWatch.at(t, machines, NUMBERS);
    await watch.areMembers(ALL);
    const url = "http://127.0.0.1:5000/camera/mjpeg_stream";
    const command = [process.execPath, nodeFile("./laboratory-viewer.js"), url];
    const viewers = await Promise.all(
      NUMBERS.map((n) => machines.run(n, command, { ready: /^WATCHES/ })),
    );
    const programs = { brokers, servers, viewers };
    return new Laboratory(machines, watch, workersIn(t, machines), programs);
  }

  /** The server of a machine is killed, and started again: at once, or when all have seen it. */
  async killServer(n: number, isSeen: boolean): Promise<void> {
    await this.#servers[n - 1]!.kill();
    if (isSeen) await this.watch.areMembers(others(n));
    this.#servers[n - 1] = await server(this.machines, n);
    await this.watch.areMembers(ALL);
  }

  async killBroker(n: number, ms: number): Promise<void> {
    await this.#brokers[n - 1]!.kill();
    await this.watch.areMembers(ALL);
    await pause(ms);
    this.#brokers[n - 1] = await this.machines.startBroker(n);
    await this.watch.areMembers(ALL);
  }

  async cutOff(n: number, ms: number): Promise<void> {
    await this.machines.plug(n, false);
    const isOver = pause(ms);
    await this.watch.areMembers(others(n));
    await isOver;
    await this.machines.plug(n, true);
    await this.watch.areMembers(ALL);
  }

  /** After all disks were full, the brokers are started again, one after another, as docs/fleet.md says. */
  async fillDisks(numbers: readonly number[], ms: number): Promise<void> {
    const files = numbers.map((n) => join(this.machines.store(n), "full"));
    await Promise.allSettled(files.map((file) => writeFile(file, Buffer.alloc(4e7))));
    await this.watch.areMembers(ALL);
    await pause(ms);
    await Promise.all(files.map((file) => rm(file)));
    if (numbers.length === NUMBERS.length) for (const n of NUMBERS) await this.killBroker(n, 0);
    await this.watch.areMembers(ALL);
  }

  /** What an administrator, or a fault of JetStream, does to the queue. */
  async manage(work: (manager: JetStreamManager, stream: string) => unknown): Promise<void> {
    const connection = await connect({ servers: this.machines.brokersFor(1), reconnect: false });
    const manager = await jetstreamManager(connection).catch(() => undefined);
    if (manager) await Promise.resolve(work(manager, STREAM)).catch(() => {}); // it may be gone already
    await connection.close();
  }

  /** Asks the server of the first machine for what it says at `path`. */
  ask(path: string, init: RequestInit = {}): Promise<Response> {
    return fetch(`http://${this.machines.address(1)}:5000${path}`, init);
  }

  /** The ledger of the queue. */
  get ledger(): string {
    return join(this.machines.folder, "m1", "recordings", "spots.tickets.jsonl");
  }

  /** Ends the viewers: what each had. */
  watched(): Promise<Watched[]> {
    return Promise.all(
      this.#viewers.map(async ({ child, lines }) => {
        const ended = once(child, "close");
        child.kill("SIGTERM");
        await ended;
        return JSON.parse(lines.at(-1) ?? "");
      }),
    );
  }

  /** Ends the server of the first machine as its user does. */
  async stopFirst(): Promise<void> {
    const { child } = this.#servers[0]!;
    const ended = once(child, "close");
    child.kill("SIGTERM");
    await ended;
  }
}

async function server(machines: Machines, n: number): Promise<Program> {
  const cwd = join(machines.folder, `m${n}`);
  await mkdir(cwd, { recursive: true });
  await writeFile(join(cwd, "lab.yaml"), CONFIG(n, machines));
  const options = ["--host", "0.0.0.0", "--insecure-no-auth"];
  const command = [process.execPath, MAIN, "serve", "lab.yaml", ...options];
  const program = await machines.run(n, command, { ready: /"url":"http/, cwd });
  if (n === 1) {
    const url = `http://${machines.address(1)}:5000/recorder/start_recording`;
    await fetch(url, { method: "POST" }).catch(() => {}); // while the machine is cut off nothing is recorded
  }
  return program;
}

/** Quick, steady and slow ones, one of them in Python, on all machines. */
function workersIn(t: TestContext, machines: Machines): Kept[] {
  const file = nodeFile("./faults-worker.js");
  const own = (n: number) => machines.brokersFor(n).join(",");
  const env = { ...process.env, PYTHONPATH: packagePath("clients", "python", "src") };
  const python = [
    ...[pythonCommand("python"), packagePath("test", "interop", "nats", "faults_worker.py")],
    ...[own(3), "m1"],
  ];
  const inNode = [
    { n: 1, name: "quick", ms: "0" },
    { n: 2, name: "steady", ms: "50" },
    { n: 3, name: "slow", ms: "400" },
  ].map(({ n, name, ms }) => [n, [process.execPath, file, own(n), "m1", name, ms], {}] as const);
  return [...inNode, [3, python, { env }] as const].map(
    ([n, command, place]) =>
      new Kept(t, () => {
        const child = machines.spawn(n, command, place);
        for (const stream of [child.stdout, child.stderr]) stream.resume();
        return child;
      }),
  );
}

function others(n: number): string {
  return NUMBERS.filter((other) => other !== n)
    .map((other) => `m${other}`)
    .join(" ");
}
