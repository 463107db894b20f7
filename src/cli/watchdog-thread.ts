import { write } from "node:fs";
import { isatty } from "node:tty";
import { parentPort, workerData } from "node:worker_threads";
import { describeRunningCode } from "./running-code.ts";

/** What the thread is told. */
export interface WatchdogData {
  /** How often the event loop ran; whether the process ends. */
  readonly shared: Int32Array;
  readonly heartbeatMs: number;
  /** A loop that does not run for this long is told, ms. */
  readonly blockedMs: number;
  /** One that does not run for this long ends the process; never when absent. */
  readonly endAfterMs?: number | undefined;
  /** From the signal, or `ending`, until the process has ended, ms. */
  readonly stopWithinMs: number;
  /** Whether log lines are for people. */
  readonly readable: boolean;
  /** Those of the standard descriptors that are a terminal. */
  readonly terminals: readonly number[];
}

const SIGNALS = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 };
/** How long a line may take to be written before the process is killed, ms. */
const LAST_WORDS_MS = 300;
/** After a second signal a process whose loop runs ends by itself within this, ms. */
const SECOND_SIGNAL_MS = 1000;

const { shared, heartbeatMs, blockedMs, endAfterMs, stopWithinMs, readable, terminals } =
  workerData as WatchdogData;
let lastHeartbeat = -1;
let missed = 0;
let isTold = false;
let isEnding = false;

/** Ticks are counted, not time: while the computer sleeps, or the process is stopped, nobody is to blame. */
setInterval(() => {
  if (Atomics.load(shared, 1) === 1) end(stopWithinMs - heartbeatMs);
  const heartbeat = Atomics.load(shared, 0);
  missed = heartbeat === lastHeartbeat ? missed + 1 : 0;
  lastHeartbeat = heartbeat;
  const blockedFor = missed * heartbeatMs;
  if (blockedFor === 0) isTold = false;
  if (blockedFor >= blockedMs && !isTold) void tell(blockedFor);
  if (endAfterMs !== undefined && blockedFor >= endAfterMs) {
    say(`The event loop was blocked for ${blockedFor / 1000} s: this process is being killed.`);
    setTimeout(kill, LAST_WORDS_MS);
  }
}, heartbeatMs);

listen();

/**
 * A signal is delivered to every loop that listens, but Node offers threads no public way to. The main thread's
 * handler is JavaScript, which does not run while the loop is blocked.
 */
function listen(): void {
  try {
    process.noDeprecation = true; // of `process.binding`, in this thread only
    const binding = Reflect.get(process, "binding") as (name: string) => { Signal: SignalClass };
    const { Signal } = binding.call(process, "signal_wrap");
    for (const number of Object.values(SIGNALS)) {
      const signal = new Signal();
      signal.onsignal = onSignal;
      signal.start(number);
    }
  } catch (error) {
    parentPort?.postMessage(
      `While the event loop is blocked, SIGTERM does not end this process: this version of Node has no signals for threads (${error}). Set end_when_blocked_s in the configuration.`,
    );
  }
}

interface SignalHandle {
  onsignal: (number: number) => void;
  start(number: number): void;
}
type SignalClass = new () => SignalHandle;

function onSignal(number: number): void {
  if (number === SIGNALS.SIGHUP) {
    // Otherwise it asks for the configuration to be read again.
    setTimeout(() => terminals.every((fd) => isatty(fd)) || end(stopWithinMs), heartbeatMs);
  } else if (isEnding) setTimeout(kill, SECOND_SIGNAL_MS);
  else end(stopWithinMs);
}

function end(withinMs: number): void {
  if (isEnding) return;
  isEnding = true;
  setTimeout(() => {
    say("This process was told to end, but did not: it is being killed.");
  }, withinMs - LAST_WORDS_MS);
  setTimeout(kill, withinMs);
}

async function tell(blockedFor: number): Promise<void> {
  isTold = true;
  const what = await describeRunningCode();
  say(
    `The event loop has been blocked for ${blockedFor / 1000} s: nothing is captured, served or recorded. ${what} Long computations belong in a worker thread.`,
  );
}

/** Written in the background: a reader that does not read must not hold this thread, too. */
function say(message: string): void {
  write(1, `${logLine(message, readable)}\n`, () => {});
}

function kill(): void {
  process.kill(process.pid, "SIGKILL");
}

/** A line of level error as the process's log has it, for where that log cannot be used. */
function logLine(message: string, readable: boolean): string {
  const time = new Date();
  return readable
    ? `${time.toTimeString().slice(0, 8)} error ${message}`
    : JSON.stringify({ level: 50, time: time.toISOString(), msg: message });
}
