import { delay, STOP_WITHIN_MS } from "../base/abort.ts";
import { messageOf } from "../base/errors.ts";
import { thrownError } from "../base/thrown.ts";
import { keepMicrotaskContext, noteUncaught } from "../core/running.ts";
import { EXIT } from "./exit-codes.ts";
import type { ProcessLog } from "./pino-log.ts";
import { onStarterGone } from "./starter.ts";
import { isOffItsTerminal, onTerminalGone, ownTerminals } from "./terminal.ts";
import { Watchdog } from "./watchdog.ts";

/** What is left for the last lines of the log. */
const LAST_WORDS_MS = 500;

/** A loop that is blocked for this long is told, ms. */
const BLOCKED_MS = 5000;

/** More uncaught errors than this in a minute, and the process starts anew rather than go on. */
const FAULTS_A_MINUTE = 20;

/**
 * From now on SIGHUP does not end the process: one that comes before anybody listens waits until the returned function is called.
 * A reload that is asked for while a server loads its Things must not end it. At a terminal it does: that may have been closed.
 */
export function holdReloads(): () => void {
  if (ownTerminals().length > 0) return () => {};
  let isHeld = false;
  const hold = () => {
    isHeld ||= process.listenerCount("SIGHUP") === 1;
  };
  process.on("SIGHUP", hold);
  return () => {
    process.off("SIGHUP", hold);
    if (isHeld) process.emit("SIGHUP");
  };
}

/** Ends the process once everything has been closed; at the second signal, or when that takes too long, at once. */
export class Stopper {
  readonly #log: ProcessLog;
  readonly #close: () => Promise<void>;
  readonly #terminals = ownTerminals();
  #watchdog: Watchdog | undefined;
  #stopping = false;

  /** @param close - Closes all that the process holds. */
  constructor(close: () => Promise<void>, log: ProcessLog) {
    this.#close = close;
    this.#log = log;
  }

  /**
   * From now on SIGTERM, SIGINT (Ctrl-C), a closed terminal and the end of the npm or npx that started it end the process in
   * order, with exit code 0, and within `STOP_WITHIN_MS` whatever hangs.
   * @param reload - What SIGHUP asks for while the terminal is still there; without it, SIGHUP ends the process.
   */
  onSignals(reload?: () => void): void {
    for (const [signal, number] of [
      ["SIGINT", 2],
      ["SIGTERM", 15],
    ] as const) {
      process.on(signal, () => {
        if (this.#stopping) return void endProcess(128 + number);
        this.#log.debug(`Closing: ${signal}.`);
        void this.stop(EXIT.ok);
      });
    }
    const isOff = isOffItsTerminal();
    const stop = (why: string) => {
      if (!this.#stopping) this.#log.debug(`Closing: ${why}.`);
      void this.stop(EXIT.ok);
    };
    process.on("SIGHUP", () => {
      if (this.#stopping) return;
      if (!reload && !isOff) return stop("SIGHUP");
      onTerminalGone(this.#terminals, () => stop("the terminal was closed"));
      if (!this.#stopping) reload?.();
    });
    if (!isOff) onStarterGone(() => stop("the program that started it has ended"));
  }

  /**
   * From now on a thread watches whether the event loop runs.
   * @param endAfterMs - A loop that does not run for this long ends the process, for its supervisor to start it anew.
   */
  watch(endAfterMs?: number): void {
    this.#watchdog ??= new Watchdog({
      blockedMs: BLOCKED_MS,
      endAfterMs,
      stopWithinMs: STOP_WITHIN_MS,
      readable: this.#log.isShown,
      terminals: this.#terminals,
      onProblem: (sentence) => this.#log.warn(sentence),
    });
  }

  /**
   * From now on an error that nobody caught is logged, and the rest is served. What comes from a Thing's code is noted with that
   * Thing and ends nothing, however often. When the server's own do not end, everything is closed and the process ends with exit
   * code 1, for its supervisor to start anew.
   */
  onFaults(): void {
    let faults: number[] = [];
    const note = (error: unknown) => {
      if (noteUncaught(error)) return;
      const { stack } = thrownError(error);
      this.#log.error(`Uncaught error: ${messageOf(error)}`, { stack });
      const now = performance.now();
      faults = [...faults.filter((at) => now - at < 60_000), now];
      if (faults.length <= FAULTS_A_MINUTE) return;
      this.#log.error(`${faults.length} uncaught errors in one minute: closing.`);
      void this.stop(EXIT.failed);
    };
    keepMicrotaskContext();
    process.on("uncaughtException", note);
    process.on("unhandledRejection", note);
  }

  /** Closes everything and ends the process. */
  async stop(code: number): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#watchdog?.ending();
    setTimeout(() => {
      this.#log.error(`Closing timed out after ${STOP_WITHIN_MS / 1000} s: ending anyway.`);
      void this.#exit(EXIT.failed);
    }, STOP_WITHIN_MS - LAST_WORDS_MS).unref();
    try {
      await this.#close();
    } catch (error) {
      this.#log.error(`Not everything closed: ${messageOf(error)}`);
    }
    await this.#exit(code);
  }

  async #exit(code: number): Promise<void> {
    await this.#log.written();
    await endProcess(code);
  }
}

/** How long requests to the system that are under way may take to end, ms. */
const LAST_REQUESTS_MS = 300;
const LOOK_EVERY_MS = 20;
/** What a thread of libuv's pool does, by Node's names for it: files, and looking up names of hosts. */
const IN_A_THREAD = /^(FSReq|FileHandleCloseReq|GetAddrInfoReq|GetNameInfoReq)/;

/**
 * Ends this process with `code`. Node waits for the threads that work for it, even at `process.exit`, and one that
 * waits for a disk, a device, a terminal or a name server that does not answer may never end: then it is killed.
 */
async function endProcess(code: number): Promise<never> {
  const end = performance.now() + LAST_REQUESTS_MS;
  while (isThreadBusy() && performance.now() < end) await delay(LOOK_EVERY_MS);
  if (isThreadBusy()) {
    process.exitCode = code;
    process.emit("exit", code); // what has to be done at an exit
    process.kill(process.pid, "SIGKILL");
  }
  process.exit(code);
}

function isThreadBusy(): boolean {
  return process.getActiveResourcesInfo().some((name) => IN_A_THREAD.test(name));
}
