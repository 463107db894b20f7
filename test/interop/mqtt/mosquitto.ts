import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, connect as connectTcp, createServer, type Socket } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, type TestContext } from "node:test";
import mqtt, { type MqttClient } from "mqtt";
import { abortable } from "thingscope";
import { patience } from "../../limits.ts";
import { temporaryFolder } from "../../temporary-folder.ts";
import { command } from "../programs.ts";

/** Debian's Mosquitto on a port of loopback. */
export interface Broker {
  readonly port: number;
  /** Ends it at once: what it kept is lost. */
  kill(): Promise<void>;
  restart(): Promise<void>;
}

/**
 * A broker on a free port of loopback, until all tests of the file are over.
 * @param config - Lines for its configuration, such as users.
 */
export async function mosquitto(config?: string): Promise<number> {
  return (await brokerWith(config)).port;
}

/** The same, for a test that ends it. */
export async function brokerWith(config = "allow_anonymous true"): Promise<Broker> {
  const port = await freePort();
  const folder = await temporaryFolder("thingscope-mqtt-");
  const file = join(folder, "mosquitto.conf");
  const user = process.getuid?.() === 0 ? "user root\n" : "";
  await writeFile(file, `${user}listener ${port} 127.0.0.1\nlog_type all\n${config}\n`);
  let child = await startedWith(file);
  after(() => child.kill("SIGKILL"));
  return {
    port,
    async kill() {
      const ended = once(child, "exit");
      child.kill("SIGKILL");
      await ended;
    },
    async restart() {
      child = await startedWith(file);
    },
  };
}

async function startedWith(file: string): Promise<ChildProcess> {
  const child = spawn(command("mosquitto"), ["-c", file], { stdio: ["ignore", "ignore", "pipe"] });
  const lines: string[] = [];
  for await (const line of createInterface(child.stderr)) {
    lines.push(line);
    if (/mosquitto version .* running/.test(line)) {
      child.stderr.resume();
      return child;
    }
  }
  throw new Error(`mosquitto did not start:\n${lines.join("\n")}`);
}

/** A client of the broker that notes what is told. */
export class Listener {
  readonly client: MqttClient;
  /** The newest of each topic. */
  readonly values = new Map<string, string>();
  /** Each message of each topic, in order. */
  readonly all: { readonly topic: string; readonly text: string; readonly retain: boolean }[] = [];
  #onMessage = () => {};

  constructor(client: MqttClient) {
    this.client = client;
    client.on("message", (topic, payload, { retain }) => {
      this.values.set(topic, payload.toString());
      this.all.push({ topic, text: payload.toString(), retain });
      this.#onMessage();
    });
  }

  /** The text of a topic when `fits` holds of it. */
  async until(topic: string, fits: (text: string) => boolean = () => true): Promise<string> {
    const signal = patience();
    for (;;) {
      const text = this.values.get(topic);
      if (text !== undefined && fits(text)) return text;
      const message = new Promise<void>((resolve) => {
        this.#onMessage = resolve;
      });
      await abortable(message, signal).catch(() => {
        throw new Error(`${topic}: ${text}\n${[...this.values.keys()].join("\n")}`);
      });
    }
  }
}

/** A client that hears of all topics under `prefixes`. */
export async function listenerAt(
  t: TestContext,
  port: number,
  prefixes: readonly string[],
): Promise<Listener> {
  const client = await mqtt.connectAsync(`mqtt://127.0.0.1:${port}`, { protocolVersion: 5 });
  t.after(() => client.endAsync(true));
  const listener = new Listener(client);
  await client.subscribeAsync(prefixes.map((prefix) => `${prefix}/#`));
  return listener;
}

/** What stands between a server and its broker, and can fail. */
export interface Line {
  readonly port: number;
  /** Cuts all connections, and lets nobody through before `restore`. */
  cut(): void;
  restore(): void;
  /** Keeps back what the broker acknowledges of messages, until told otherwise; pings and all else go on. */
  withhold(isWithheld: boolean): void;
}

export async function lineTo(t: TestContext, port: number): Promise<Line> {
  const sockets = new Set<Socket>();
  let isCut = false;
  let isWithheld = false;
  const server = createServer((near) => {
    if (isCut) {
      near.destroy();
      return;
    }
    const far = connectTcp(port, "127.0.0.1");
    for (const socket of [near, far]) {
      sockets.add(socket);
      socket.on("error", () => {});
      socket.on("close", () => {
        sockets.delete(socket);
        near.destroy();
        far.destroy();
      });
    }
    near.pipe(far);
    far.on(
      "data",
      packets((packet) => {
        const isAcknowledgement = packet[0]! >> 4 === PUBACK;
        if (!isWithheld || !isAcknowledgement) near.write(packet);
      }),
    );
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.close();
    for (const socket of sockets) socket.destroy();
  });
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.destroy();
    },
    restore() {
      isCut = false;
    },
    withhold(now) {
      isWithheld = now;
    },
  };
}

/** A packet's kind, its upper four bits. */
const PUBACK = 4;

/** Cuts a stream of MQTT into its packets: a byte, the length of the rest in groups of seven bits, the rest. */
function packets(onPacket: (packet: Buffer) => void): (part: Buffer) => void {
  let held = Buffer.alloc(0);
  return (part) => {
    held = Buffer.concat([held, part]);
    for (;;) {
      const last = held.subarray(1, 5).findIndex((byte) => byte < 128);
      if (last < 0) return;
      const groups = [...held.subarray(1, last + 2)];
      const rest = groups.reduce((sum, byte, n) => sum + (byte & 127) * 128 ** n, 0);
      const end = last + 2 + rest;
      if (held.length < end) return;
      onPacket(held.subarray(0, end));
      held = held.subarray(end);
    }
  };
}

/** A port of loopback that nobody uses. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}
