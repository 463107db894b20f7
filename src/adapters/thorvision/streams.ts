import { ThingError } from "../../base/errors.ts";
import { capabilityText, readCapability } from "./capability.ts";
import type { ServedCamera } from "./served-camera.ts";
import { type SenderOptions, SrtSender } from "./srt-sender.ts";
import { isUdpPortBound } from "./udp-ports.ts";

/** A camera's frames on a port, and who asked for them. */
interface Sending {
  readonly camera: ServedCamera;
  readonly port: number;
  readonly capability: string;
  readonly sender: SrtSender;
  readonly started: Promise<void>;
  /** How often each address has asked for it. */
  readonly asked: Map<string, number>;
}

/** What all streams of a server have in common. */
type StreamsOptions = Pick<SenderOptions, "host" | "latencyMs" | "maxMBps"> & {
  /** The log of a stream's child, by its name. */
  readonly logOf: (name: string) => SenderOptions["log"];
  readonly onChange: () => void;
};

const MOST_STREAMS = 64;

/** The streams that are sent now, each on a UDP port of its own. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #byPort = new Map<number, Sending>();

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  get list() {
    return [...this.#byPort.values()].map(({ camera, port, capability, sender, asked }) => ({
      ...{ camera: camera.name, port, capability, asked_by: [...asked.keys()] },
      ...sender.stats,
    }));
  }

  /** Process ids of the children. */
  get pids(): number[] {
    return [...this.#byPort.values()].flatMap(({ sender }) => sender.pid ?? []);
  }

  /**
   * Sends a camera on a port, or lets one more address share what is sent there already.
   * @throws {ThingError} `BAD_ARGUMENT` for a capability that is not offered; `PORT_IN_USE`; `SOURCE_FAILED`.
   */
  async start(camera: ServedCamera, port: number, text: string, address: string): Promise<void> {
    const variant = camera.find(text);
    if (!variant) throw notOffered(camera, text);
    const capability = capabilityText(readCapability(text)!);
    const there = this.#byPort.get(port);
    if (there) assertSame(there, camera, capability);
    else if (await isUdpPortBound(port)) throw portTaken(port, "another program");
    const sending =
      there ?? this.#byPort.get(port) ?? this.#begin(camera, port, capability, variant);
    assertSame(sending, camera, capability); // somebody else may have been quicker
    try {
      await sending.started;
    } catch (error) {
      if (this.#byPort.get(port) === sending) this.#byPort.delete(port);
      throw error;
    }
    sending.asked.set(address, (sending.asked.get(address) ?? 0) + 1);
    this.#options.onChange();
  }

  /**
   * Takes back one request of an address. The stream ends with the last of all.
   * @throws {ThingError} `NOT_FOUND` when the address has none for this camera.
   */
  async stop(camera: ServedCamera, address: string): Promise<void> {
    const own = [...this.#byPort.values()].filter(
      (one) => one.camera === camera && one.asked.has(address),
    );
    // Who stops has hung up already: of several streams it is the one that has no caller any more.
    const sending = own.find(({ sender }) => sender.stats.callers === 0) ?? own.at(-1);
    if (!sending) {
      throw new ThingError("NOT_FOUND", `${address} has no stream of camera ${camera.id}.`);
    }
    const left = sending.asked.get(address)! - 1;
    if (left > 0) sending.asked.set(address, left);
    else sending.asked.delete(address);
    if (sending.asked.size === 0) await this.#end(sending);
    else this.#options.onChange();
  }

  /** Ends a stream, whoever asked for it. @throws {ThingError} `NOT_FOUND`. */
  async end(port: number): Promise<void> {
    const sending = this.#byPort.get(port);
    if (!sending) throw new ThingError("NOT_FOUND", `Nothing is sent on port ${port}.`);
    await this.#end(sending);
  }

  /** Ends what nobody has called for a time. @returns The ports. */
  async endLonely(ms: number): Promise<number[]> {
    const lonely = [...this.#byPort.values()].filter(({ sender }) => sender.lonelyMs > ms);
    await Promise.all(lonely.map((one) => this.#end(one)));
    return lonely.map(({ port }) => port);
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#byPort.values()].map((one) => this.#end(one)));
  }

  async #end({ port, sender }: Sending): Promise<void> {
    this.#byPort.delete(port);
    await sender.stop();
    this.#options.onChange();
  }

  #begin(
    camera: ServedCamera,
    port: number,
    capability: string,
    variant: SenderOptions["variant"],
  ): Sending {
    if (this.#byPort.size >= MOST_STREAMS) {
      throw new ThingError(
        "TOO_MANY_VIEWERS",
        `${MOST_STREAMS} streams are sent already, which is the limit. Stop one first.`,
      );
    }
    const { logOf, host, latencyMs, maxMBps } = this.#options;
    const log = logOf(`${camera.name}_${port}`);
    const sender = new SrtSender(camera, { host, port, latencyMs, maxMBps, variant, log });
    const sending = {
      ...{ camera, port, capability, sender },
      ...{ started: sender.start(), asked: new Map<string, number>() },
    };
    this.#byPort.set(port, sending);
    return sending;
  }
}

function assertSame(there: Sending, camera: ServedCamera, capability: string): void {
  if (there.camera !== camera) throw portTaken(there.port, `camera ${there.camera.id}`);
  if (there.capability === capability) return;
  throw new ThingError(
    "PORT_IN_USE",
    `Port ${there.port} sends camera ${camera.id} as '${there.capability}' already. Ask for that, or for another port.`,
  );
}

function portTaken(port: number, who: string): ThingError {
  return new ThingError("PORT_IN_USE", `UDP port ${port} is used by ${who}. Ask for another port.`);
}

function notOffered({ id, listed }: ServedCamera, text: string): ThingError {
  const offered = listed.caps.map(capabilityText).join("; ") || "nothing now";
  return new ThingError(
    "BAD_ARGUMENT",
    `Camera ${id} does not offer '${text.slice(0, 200)}'. It offers: ${offered}.`,
  );
}
