import { connect } from "node:net";
import { delay, within } from "../../base/abort.ts";
import type { Attempt } from "../../base/attempt.ts";
import { asSentence, messageOf, ThingError } from "../../base/errors.ts";
import type { Log } from "../../base/log.ts";
import { quoted } from "../../base/preview.ts";
import { Supervisor } from "../../base/supervise.ts";
import type { JoiningServer, ServerBridge } from "../../server/server-options.ts";
import { optionFile } from "../option-files.ts";
import { isAnyAddress, rootOf } from "../own-address.ts";
import { serverId } from "../server-id.ts";
import { ToldReasons } from "../told-reasons.ts";
import type { MoonrakerOptions } from "./options.ts";
import { isOwn, OWNER, type Webcam, webcamsIn } from "./webcams.ts";

const PAUSES = { firstMs: 1000, longestMs: 60_000 };
/** How often this server's address is looked at, ms. */
const CHECK_MS = 30_000;
const ANSWER_MS = 5000;
const LONGEST_SAID = 200; // characters

/** A webcam of the options. */
interface Wanted {
  readonly name: string;
  readonly stream: string;
  /** Where this server begins for browsers. */
  readonly root: string;
}

/**
 * Tells a 3D printer's Moonraker of cameras, so that Mainsail and Fluidd show them; again when their address is another, or
 * Moonraker has them no longer.
 * @see https://moonraker.readthedocs.io/en/latest/external_api/webcams/
 */
export class MoonrakerBridge implements ServerBridge {
  readonly #options: MoonrakerOptions;
  readonly #folder: string;
  readonly #log: Log;
  readonly #checkMs: number;
  readonly #reasons = new ToldReasons();
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
      onFailure: ({ reason }) => {
        if (this.#reasons.isDue(reason))
          this.#log.warn(
            `Moonraker does not show the cameras: ${asSentence(reason)} It is asked again.`,
          );
      },
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

  /** Each webcam for itself: one that Moonraker refuses is tried again, and delays no other. */
  async #keepTold(attempt: Attempt): Promise<void> {
    for (;;) {
      const root = await this.#root();
      const there = webcamsIn(await this.#ask("GET", "/server/webcams/list"));
      const faults: unknown[] = [];
      for (const [name, stream] of Object.entries(this.#options.webcams))
        await this.#tell({ name, stream, root }, there.get(name)).catch((error) =>
          faults.push(error),
        );
      if (faults.length > 0) throw faults[0];
      attempt.heartbeat();
      await delay(this.#checkMs, attempt.signal);
    }
  }

  /** @param there - What Moonraker has by its name: it is entered again when that is gone, and left when it is somebody else's. */
  async #tell({ name, stream, root }: Wanted, there: Webcam | undefined): Promise<void> {
    const server = this.#server!;
    const [thing = "", streamName = ""] = stream.split("/");
    server.host.get(thing).streamOf(streamName); // or it says which there are
    const path = `${server.prefix}/${stream}`;
    const id = serverId(server.host);
    const webcam = {
      ...{ name, service: "mjpegstreamer" },
      stream_url: root + server.picturePath(path),
      snapshot_url: root + server.picturePath(`${path}/snapshot`),
    };
    const told = JSON.stringify(webcam);
    if (there && this.#told.get(name) === told) return;
    if (there && !isOwn(there, id, path)) throw this.#isTaken(name, there);
    const isSame =
      there?.stream_url === webcam.stream_url && there.snapshot_url === webcam.snapshot_url;
    const extra_data = { ...there?.extra_data, [OWNER]: id };
    if (!isSame)
      await this.#ask("POST", "/server/webcams/item", JSON.stringify({ ...webcam, extra_data }));
    this.#told.set(name, told);
    this.#log.info(`Moonraker at ${this.#options.server} has '${stream}' as webcam '${name}'.`);
  }

  #isTaken(name: string, { stream_url }: Webcam): ThingError {
    return new ThingError(
      "BAD_CONFIG",
      `Moonraker at ${this.#options.server} already has a webcam '${name}' that is not this server's (${quoted(stream_url)}), which stays. Give yours another name in 'webcams' of 'moonraker', or delete that one in Mainsail.`,
    );
  }

  async #remove(name: string): Promise<void> {
    await this.#ask("DELETE", `/server/webcams/item?name=${encodeURIComponent(name)}`);
  }

  async #ask(method: string, path: string, body?: string): Promise<string> {
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
    }).catch((error) => {
      throw silent(server, error);
    });
    const text = await response.text();
    if (response.ok) return text;
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
    const seen = isSeen ? addressTowards(new URL(server)) : undefined;
    try {
      return rootOf(own, url, await seen);
    } catch (error) {
      throw silent(server, error);
    }
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
  const late = () => new ThingError("PROGRAM_REFUSED", `no connection in ${ANSWER_MS / 1000} s`);
  return within(address, ANSWER_MS, late).finally(() => socket.destroy());
}

function silent(server: string, error: unknown): ThingError {
  const why = messageOf(error instanceof Error && error.cause ? error.cause : error);
  return new ThingError(
    "PROGRAM_REFUSED",
    `Moonraker at ${server} does not answer (${why}). Check that it runs, and 'server' in 'moonraker'.`,
    { cause: error },
  );
}
