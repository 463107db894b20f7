import { connect } from "node:net";
import { delay, within } from "../../base/abort.ts";
import type { Attempt } from "../../base/attempt.ts";
import { messageOf, ThingError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { quoted } from "../../base/preview.ts";
import { Supervisor } from "../../base/supervise.ts";
import type { JoiningServer, ServerBridge } from "../../server/server-options.ts";
import { optionFile } from "../option-files.ts";
import { isAnyAddress, rootOf } from "../own-address.ts";
import type { MoonrakerOptions } from "./options.ts";

const PAUSES = { firstMs: 1000, longestMs: 60_000 };
/** How often this server's address is looked at, ms. */
const CHECK_MS = 30_000;
const ANSWER_MS = 5000;
const LONGEST_SAID = 200; // characters

/**
 * Tells a 3D printer's Moonraker of cameras, so that Mainsail and Fluidd show them; again when their address is another.
 * @see https://moonraker.readthedocs.io/en/latest/external_api/webcams/
 */
export class MoonrakerBridge implements ServerBridge {
  readonly #options: MoonrakerOptions;
  readonly #folder: string;
  readonly #log: Log;
  readonly #checkMs: number;
  readonly #supervisor: Supervisor;
  /** What Moonraker has of each webcam. */
  readonly #told = new Map<string, string>();
  #server: JoiningServer | undefined;

  /** @param options.folder - Relative paths of the options begin there. @param options.checkMs - How often this server's address is looked at, ms. */
  constructor(
    options: MoonrakerOptions,
    { folder, log, checkMs = CHECK_MS }: { folder: string; log: Log; checkMs?: number },
  ) {
    this.#options = options;
    this.#folder = folder;
    this.#log = log;
    this.#checkMs = checkMs;
    this.#supervisor = new Supervisor((attempt) => this.#keepTold(attempt), {
      pauses: PAUSES,
      isBackground: true,
      endMs: ANSWER_MS,
      onFailure: ({ reason }) =>
        this.#log.warn(`Moonraker does not show the cameras: ${reason} It is asked again.`),
    });
  }

  /** What it does: `running` while Moonraker has all webcams. */
  get status(): Supervisor["status"] {
    return this.#supervisor.status;
  }

  join(server: JoiningServer): void {
    this.#server = server;
    if (this.#options.url !== undefined)
      server.access.allowHost(new URL(this.#options.url).hostname);
    this.#supervisor.start();
  }

  async close(): Promise<void> {
    await this.#supervisor.close();
    if (!this.#options.remove_at_end) return;
    const names = [...this.#told.keys()];
    await Promise.all(names.map((name) => this.#remove(name))).catch((error) =>
      this.#log.warn(`Moonraker still has the webcams: ${messageOf(error)}`),
    );
  }

  async #keepTold(attempt: Attempt): Promise<void> {
    for (;;) {
      const root = await this.#root();
      for (const [name, stream] of Object.entries(this.#options.webcams))
        await this.#tell(name, stream, root);
      attempt.heartbeat();
      await delay(this.#checkMs, attempt.signal);
    }
  }

  async #tell(name: string, stream: string, root: string): Promise<void> {
    const server = this.#server!;
    const [thing = ""] = stream.split("/");
    server.host.get(thing); // or it says which there are
    const path = `${server.prefix}/${stream}`;
    const webcam = JSON.stringify({
      name,
      service: "mjpegstreamer",
      stream_url: root + server.picturePath(path),
      snapshot_url: root + server.picturePath(`${path}/snapshot`),
    });
    if (this.#told.get(name) === webcam) return;
    await this.#ask("POST", "/server/webcams/item", webcam);
    this.#told.set(name, webcam);
    this.#log.info(`Moonraker at ${this.#options.server} has '${stream}' as webcam '${name}'.`);
  }

  async #remove(name: string): Promise<void> {
    await this.#ask("DELETE", `/server/webcams/item?name=${encodeURIComponent(name)}`);
  }

  async #ask(method: string, path: string, body?: string): Promise<void> {
    const { server, api_key_file } = this.#options;
    const files = { folder: this.#folder, key: "moonraker" };
    const key = api_key_file === undefined ? undefined : await optionFile(api_key_file, files);
    const response = await fetch(server.replace(/\/$/, "") + path, {
      method,
      headers: {
        "Content-Type": "application/json",
        ...(key !== undefined && { "X-Api-Key": key.trim() }),
      },
      ...(body !== undefined && { body }),
      signal: AbortSignal.timeout(ANSWER_MS),
    });
    const text = await response.text();
    if (response.ok) return;
    throw new ThingError(
      "PROGRAM_REFUSED",
      `Moonraker at ${server} answered ${response.status} (${quoted(text.slice(0, LONGEST_SAID))}). Check 'server' and 'api_key_file' in 'moonraker', and Moonraker's trusted_clients.`,
    );
  }

  /** As configured, or the address that this machine has on the way to Moonraker. */
  async #root(): Promise<string> {
    const { url, server } = this.#options;
    const own = this.#server!;
    const isSeen = url === undefined && isAnyAddress(own.bound!.host);
    return rootOf(own, url, isSeen ? await addressTowards(new URL(server)) : undefined);
  }
}

async function addressTowards({ protocol, hostname, port }: URL): Promise<string> {
  const socket = connect({
    host: hostname.replace(/^\[|\]$/g, ""),
    port: Number(port) || (protocol === "https:" ? 443 : 80),
  });
  const address = new Promise<string>((done, reject) => {
    socket.once("connect", () => done(String(socket.localAddress)));
    socket.once("error", reject);
  });
  const late = () => new ThingError("PROGRAM_REFUSED", `Moonraker at ${hostname} does not answer.`);
  return within(address, ANSWER_MS, late).finally(() => socket.destroy());
}
