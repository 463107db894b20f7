import { execFile } from "node:child_process";
import { messageOf } from "../base/errors.ts";
import type { Log } from "../base/log.ts";

const PROGRAM = "systemd-notify";
/** systemd-notify waits until its word has been read. */
const WITHIN_MS = 5000;
/** Of the time that systemd waits, so that one heartbeat may be lost. */
const HEARTBEATS = 3;

/** What systemd tells a service that it starts. */
interface ServiceVariables {
  readonly NOTIFY_SOCKET?: string | undefined;
  readonly WATCHDOG_USEC?: string | undefined;
  readonly WATCHDOG_PID?: string | undefined;
}

/**
 * Tells systemd, where it has started this process, when the server is ready, and that its event loop runs. Elsewhere it does
 * nothing. Node has no sockets for datagrams in the file system, so a program that comes with systemd speaks for it.
 * @see sd_notify(3)
 */
export class ServiceManager {
  readonly #socket: string | undefined;
  readonly #heartbeatMs: number | undefined;
  readonly #log: Log;
  #isTold = false;

  constructor(log: Log, variables: ServiceVariables = takenVariables()) {
    this.#log = log;
    this.#socket = variables.NOTIFY_SOCKET;
    this.#heartbeatMs = heartbeatMs(variables);
  }

  /**
   * What waits for this service starts now; and from now on the event loop shows that it runs, if the unit has `WatchdogSec`.
   * @param status - One line for `systemctl status`.
   */
  async ready(status: string): Promise<void> {
    if (this.#heartbeatMs !== undefined && this.#socket) {
      setInterval(() => void this.#tell("WATCHDOG=1"), this.#heartbeatMs).unref();
    }
    await this.#tell("READY=1", `STATUS=${status.replaceAll("\n", " ")}`);
  }

  async #tell(...words: string[]): Promise<void> {
    if (!this.#socket) return;
    const env = { PATH: process.env.PATH, NOTIFY_SOCKET: this.#socket };
    const error = await new Promise<Error | null>((resolve) => {
      execFile(PROGRAM, words, { env, timeout: WITHIN_MS }, resolve);
    });
    if (!error || this.#isTold) return;
    this.#isTold = true;
    this.#log.warn(
      `systemd is not told how this server is, because ${PROGRAM} failed: ${messageOf(error).trim()}. Install systemd, or set Type=exec and no WatchdogSec in the unit.`,
    );
  }
}

/** Programs that this server starts do not inherit them: what they say is not said for the server. */
function takenVariables(): ServiceVariables {
  const { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID } = process.env;
  delete process.env.NOTIFY_SOCKET;
  delete process.env.WATCHDOG_USEC;
  delete process.env.WATCHDOG_PID;
  return { NOTIFY_SOCKET, WATCHDOG_USEC, WATCHDOG_PID };
}

/** How often the watchdog is told, ms; undefined where it does not watch this process. */
function heartbeatMs({ WATCHDOG_USEC, WATCHDOG_PID }: ServiceVariables): number | undefined {
  const isOurs = WATCHDOG_PID === undefined || Number(WATCHDOG_PID) === process.pid;
  const limit = Number(WATCHDOG_USEC ?? Number.NaN);
  return isOurs && limit > 0 ? limit / 1000 / HEARTBEATS : undefined;
}
