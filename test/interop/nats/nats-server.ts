import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { endsWithFile, temporaryFolder } from "../../temporary-folder.ts";
import { pythonCommand } from "../programs.ts";

/** A real nats-server with JetStream, on a free port of loopback. */
export interface NatsServer {
  readonly url: string;
  /** Ends it at once, as a power failure would. */
  kill(): Promise<void>;
  /** Starts it again at the same port, with what it had stored. */
  restart(): Promise<void>;
}

const run = promisify(execFile);

let shared: Promise<NatsServer> | undefined;
let fleets = 0;

/** One for all tests of a file that do not stop it, and the name of a fleet that no other test has. */
export async function sharedNats(): Promise<{ url: string; fleet: string }> {
  shared ??= natsServerFor({ after: endsWithFile });
  const { url } = await shared;
  fleets += 1;
  return { url, fleet: `lab${fleets}` };
}

/** One that stores on a disk of 8 MB, which is mounted: needs root. */
export async function natsOnSmallDisk(t: { after(end: () => unknown): void }) {
  const store = await temporaryFolder("thingscope-full-");
  await run("mount", ["-t", "tmpfs", "-o", "size=8M", "tmpfs", store]);
  t.after(() => run("umount", ["-l", store]));
  return { store, ...(await natsServerFor(t, "", { store })) };
}

/**
 * @param config - Lines for its configuration, such as users and permissions.
 * @param options.store - Where it keeps what it stores; a folder of its own when absent.
 * @param options.at - Its port; a free one when absent.
 */
export async function natsServerFor(
  t: { after(end: () => unknown): void },
  config = "",
  { store, at = -1 }: { readonly store?: string; readonly at?: number } = {},
): Promise<NatsServer> {
  const folder = await temporaryFolder("thingscope-nats-");
  let port = String(at);
  let child = await started();
  t.after(kill);
  port = child.port;
  return {
    url: `nats://127.0.0.1:${port}`,
    kill,
    async restart() {
      child = await started();
    },
  };

  async function kill() {
    const { process } = child;
    if (process.exitCode !== null || process.signalCode !== null) return;
    const exit = once(process, "exit");
    process.kill("SIGKILL");
    await exit;
  }

  async function started() {
    const file = join(folder, "nats.conf");
    const jetStream = `jetstream { store_dir: "${store ?? join(folder, "store")}", max_file_store: 10G }`;
    await writeFile(file, `listen: "127.0.0.1:${port}"\n${jetStream}\n${config}\n`);
    const process = spawn(pythonCommand("nats-server"), ["-c", file], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    const lines: string[] = [];
    for await (const line of createInterface(process.stderr)) {
      lines.push(line);
      if (line.includes("Server is ready")) break;
    }
    process.stderr.resume();
    const found = lines.flatMap((line) => /client connections on .*:(\d+)/.exec(line)?.[1] ?? []);
    if (!found[0]) throw new Error(`nats-server did not start:\n${lines.join("\n")}`);
    return { process, port: found[0] };
  }
}
