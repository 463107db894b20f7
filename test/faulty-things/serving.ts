import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { packagePath } from "../../src/base/package-root.ts";
import type { ServerArguments, Told } from "./faulty-server.ts";

/** The server of `faulty-server.ts` in a process of its own, and what it told. */
export interface FaultyServer {
  readonly url: string;
  readonly port: number;
  /** With `recordings`; it goes with the test. */
  readonly folder: string;
  /** Errors that nothing caught in it. */
  readonly uncaught: readonly string[];
  /** Where webhooks may post to. */
  readonly callbackUrl: string;
  /** How many came there. */
  readonly callbacks: () => number;
  readonly isRunning: () => boolean;
  /** Lets it close. */
  close(): Promise<Told>;
}

/** Starts it; it ends with the test. */
export async function faultyServer(t: TestContext, blocksMs: number): Promise<FaultyServer> {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-faulty-"));
  let callbacks = 0;
  const listener = createServer((request, response) => {
    callbacks += 1;
    request.resume().on("end", () => response.end());
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  const host = `127.0.0.1:${(listener.address() as AddressInfo).port}`;
  const given: ServerArguments = { folder, webhookHost: host, blocksMs };
  const program = packagePath("dist", "test", "faulty-things", "faulty-server.js");
  const child = fork(program, [JSON.stringify(given)], { execArgv: ["--enable-source-maps"] });
  t.after(async () => {
    child.kill("SIGKILL");
    listener.closeAllConnections();
    listener.close();
    await rm(folder, { recursive: true, force: true });
  });
  const uncaught: string[] = [];
  const told: Told[] = [];
  child.on("message", (message: Told) => {
    if (message.uncaught !== undefined) uncaught.push(message.uncaught);
    told.push(message);
  });
  const ended = once(child, "exit").then(([code]): never => {
    throw new Error(`The server ended with ${code}. ${uncaught.join("\n")}`);
  });
  ended.catch(() => {});
  const until = async <K extends keyof Told>(key: K): Promise<Told> => {
    for (;;) {
      const found = told.find((one) => one[key] !== undefined);
      if (found) return found;
      await Promise.race([once(child, "message"), ended]);
    }
  };
  const { url = "" } = await until("url");
  return {
    url,
    port: Number(new URL(url).port),
    folder,
    uncaught,
    callbackUrl: `http://${host}/`,
    callbacks: () => callbacks,
    isRunning: () => child.exitCode === null && child.signalCode === null,
    close() {
      child.send("close");
      return until("closedInMs");
    },
  };
}
