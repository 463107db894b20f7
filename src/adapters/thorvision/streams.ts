import { ThingError } from "../../base/errors.ts";
import { capabilityText, readCapability } from "./capability.ts";
import type { ServedCamera } from "./served-camera.ts";
import { type SenderOptions, SrtSender } from "./srt-sender.ts";
import { isUdpPortBound } from "./udp-ports.ts";

/** A camera's frames on a port, and the addresses that requested them. */
interface ActiveStream {
  readonly camera: ServedCamera;
  readonly port: number;
  readonly capability: string;
  readonly sender: SrtSender;
  readonly started: Promise<void>;
  /** Number of requests of each address. */
  readonly requests: Map<string, number>;
}

/** Options that all streams of a server share. */
type StreamsOptions = Pick<SenderOptions, "host" | "latencyMs" | "maxMBps"> & {
  /** The log of a stream's child, by the stream's name. */
  readonly logOf: (name: string) => SenderOptions["log"];
  readonly onChange: () => void;
};

const MOST_STREAMS = 64;

/** The active streams, each on its own UDP port. */
export class Streams {
  readonly #options: StreamsOptions;
  readonly #byPort = new Map<number, ActiveStream>();

  constructor(options: StreamsOptions) {
    this.#options = options;
  }

  get list() {
    return [...this.#byPort.values()].map(({ camera, port, capability, sender, requests }) => ({
      ...{ camera: camera.name, port, capability, asked_by: [...requests.keys()] },
      ...sender.stats,
    }));
  }

  /** Process ids of the children. */
  get pids(): number[] {
    return [...this.#byPort.values()].flatMap(({ sender }) => sender.pid ?? []);
  }

  /**
   * Sends a camera on a port, or lets another address share the stream that is sent there already.
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
    assertSame(sending, camera, capability); // a concurrent request may have been first
    try {
      await sending.started;
    } catch (error) {
      if (this.#byPort.get(port) === sending) this.#byPort.delete(port);
      throw error;
    }
    sending.requests.set(address, (sending.requests.get(address) ?? 0) + 1);
    this.#options.onChange();
  }

  /**
   * Withdraws one request of an address. The stream ends with its last request.
   * @throws {ThingError} `NOT_FOUND` when the address has none for this camera.
   */
  async stop(camera: ServedCamera, address: string): Promise<void> {
    const own = [...this.#byPort.values()].filter(
      (one) => one.camera === camera && one.requests.has(address),
    );
    // A client disconnects before it stops: of several streams, choose the one without callers.
    const sending = own.find(({ sender }) => sender.stats.callers === 0) ?? own.at(-1);
    if (!sending) {
      throw new ThingError("NOT_FOUND", `${address} has no stream of camera ${camera.id}.`);
    }
    const left = sending.requests.get(address)! - 1;
    if (left > 0) sending.requests.set(address, left);
    else sending.requests.delete(address);
    if (sending.requests.size === 0) await this.#end(sending);
    else this.#options.onChange();
  }

  /** Ends a stream, whichever client requested it. @throws {ThingError} `NOT_FOUND`. */
  async end(port: number): Promise<void> {
    const sending = this.#byPort.get(port);
    if (!sending) throw new ThingError("NOT_FOUND", `No stream is sent on port ${port}.`);
    await this.#end(sending);
  }

  /** Ends streams without callers for `ms`. @returns The ports. */
  async endIdle(ms: number): Promise<number[]> {
    const idle = [...this.#byPort.values()].filter(({ sender }) => sender.idleMs > ms);
    await Promise.all(idle.map((one) => this.#end(one)));
    return idle.map(({ port }) => port);
  }

  async endAll(): Promise<void> {
    await Promise.all([...this.#byPort.values()].map((one) => this.#end(one)));
  }

  async #end({ port, sender }: ActiveStream): Promise<void> {
    this.#byPort.delete(port);
    await sender.stop();
    this.#options.onChange();
  }

  #begin(
    camera: ServedCamera,
    port: number,
    capability: string,
    variant: SenderOptions["variant"],
  ): ActiveStream {
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
      ...{ started: sender.start(), requests: new Map<string, number>() },
    };
    this.#byPort.set(port, sending);
    return sending;
  }
}

function assertSame(there: ActiveStream, camera: ServedCamera, capability: string): void {
  if (there.camera !== camera) throw portTaken(there.port, `camera ${there.camera.id}`);
  if (there.capability === capability) return;
  throw new ThingError(
    "PORT_IN_USE",
    `Port ${there.port} already sends camera ${camera.id} as '${there.capability}'. Request that capability, or another port.`,
  );
}

function portTaken(port: number, who: string): ThingError {
  return new ThingError(
    "PORT_IN_USE",
    `UDP port ${port} is in use by ${who}. Request another port.`,
  );
}

function notOffered({ id, listed }: ServedCamera, text: string): ThingError {
  const offered = listed.caps.map(capabilityText).join("; ") || "none at present";
  return new ThingError(
    "BAD_ARGUMENT",
    `Camera ${id} does not offer '${text.slice(0, 200)}'. It offers: ${offered}.`,
  );
}
