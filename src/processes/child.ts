import { ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { Readable, type Writable } from "node:stream";
import { delay, ignoreAbort } from "../base/abort.ts";
import type { ByteReader } from "../base/byte-reader.ts";
import { type Log, silentLog } from "../base/log.ts";
import { guardGroup, releaseGroup } from "./guard.ts";
import { endLeftovers, forgetAll, forgetChild, noteChild } from "./leftovers.ts";
import { LineTail } from "./line-tail.ts";
import { receivePipe } from "./receive-pipe.ts";

/** A program and its arguments. There is no shell: each argument reaches the program as it stands here. */
export interface Command {
  readonly program: string;
  readonly args: readonly string[];
}

interface ChildOptions {
  /** File descriptors that the program writes to and we read: 1 and 3 upwards. Its error output is always read. */
  readonly outputs?: readonly number[];
  /** Whether we write to its standard input; otherwise that is empty. */
  readonly input?: boolean;
  readonly log?: Log;
  readonly env?: NodeJS.ProcessEnv;
  /** Called with each line of its error output, for what has to be read out of them; the log gets only a few a second. */
  readonly onErrorLine?: (line: string) => void;
  /** How long it may take to finish its files once it is asked to end, ms: 1200. */
  readonly finishMs?: number;
}

/** How a program ended. `error` is set if it could not be started: `startFailure` explains it. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly error?: Error;
}

const FINISH_MS = 1200;
const TERM_MS = 600; // between SIGTERM and SIGKILL
const DRAIN_MS = 250; // for the rest of its pipes
const INPUT_END_MS = 200; // what reads its input to the end needs no signal

const running = new Set<Child>();
process.on("exit", () => {
  for (const child of running) child.kill();
  forgetAll();
});
let lookedForLeftovers = false;

/**
 * One run of a program. It leads its own process group, so that its children end with it, and it ends with this process, even
 * if that is killed. The constructor never throws: if the program cannot be started, `ended` has the reason.
 */
export class Child {
  /** Settles when the program has ended and its pipes are closed. Never rejects. */
  readonly ended: Promise<Exit>;
  readonly #process: ChildProcess;
  readonly #tail: LineTail;
  readonly #finishMs: number;
  #over = false;
  #stopping: Promise<Exit> | undefined;

  constructor(command: Command, options: ChildOptions = {}) {
    const outputs = options.outputs ?? [];
    this.#finishMs = options.finishMs ?? FINISH_MS;
    this.#tail = new LineTail(options.log ?? silentLog, command.program, options.onErrorLine);
    if (!lookedForLeftovers) endLeftovers(options.log ?? silentLog);
    lookedForLeftovers = true;
    this.#process = started(command, {
      stdio: pipesFor(outputs, options.input ?? false),
      detached: true, // its own group: the terminal's Ctrl-C reaches us alone, and we end it in order
      shell: false,
      env: options.env ?? process.env,
    });
    running.add(this);
    if (this.pid !== undefined) {
      guardGroup(this.pid);
      noteChild(this.pid, command.program);
    }
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => this.#tail.push(text));
    for (const pipe of this.#process.stdio) pipe?.on("error", () => {}); // "ended" tells what went wrong
    this.ended = this.#whenEnded();
  }

  /** The last lines of its error output. */
  get errorLines(): readonly string[] {
    return this.#tail.lines;
  }

  /** Undefined when it could not be started. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  /** Its output on descriptor `fd`, one of `outputs`; empty if it could not be started. */
  output(fd: number): Readable {
    if (this.pid === undefined) return Readable.from([]);
    const pipe = this.#process.stdio[fd];
    if (!(pipe instanceof Readable))
      throw new RangeError(`Descriptor ${fd} is not one of 'outputs'.`);
    return pipe;
  }

  /**
   * Gives what it writes to descriptor `fd` to `reader` from now on, in place of `output`.
   * @param onError - Told what the reader threw: nothing is read after it.
   */
  receive(fd: number, reader: ByteReader, onError: (error: Error) => void): void {
    receivePipe(this.output(fd), reader, onError);
  }

  /** Its standard input, if `input` is set. */
  get input(): Writable | null {
    return this.#process.stdin;
  }

  /** Ends it gracefully: end of input, SIGINT, SIGTERM, SIGKILL, each only if the previous one did not help. */
  stop(): Promise<Exit> {
    this.#stopping ??= this.#endInStages();
    return this.#stopping;
  }

  /** Kills it and all its children at once, for a program that hangs. */
  kill(): void {
    this.#send("SIGKILL");
  }

  async #endInStages(): Promise<Exit> {
    for (const [fd, pipe] of this.#process.stdio.entries()) {
      if (fd !== 2 && pipe instanceof Readable) pipe.resume(); // a full pipe would keep it from ending
    }
    const over = new AbortController();
    this.#stages(over.signal).catch(ignoreAbort);
    const exit = await this.ended;
    over.abort();
    return exit;
  }

  async #stages(over: AbortSignal): Promise<void> {
    if (this.#process.stdin) {
      this.#process.stdin.end();
      await delay(INPUT_END_MS, over);
    }
    this.#send("SIGINT"); // gst-launch-1.0 and ffmpeg finish their files
    await delay(this.#finishMs, over);
    this.#send("SIGTERM");
    await delay(TERM_MS, over);
    this.#send("SIGKILL");
  }

  #send(signal: NodeJS.Signals): void {
    const pid = this.#process.pid;
    if (pid === undefined || this.#over) return;
    try {
      process.kill(-pid, signal);
    } catch {
      this.#process.kill(signal); // the group is gone already, or not made yet
    }
  }

  async #whenEnded(): Promise<Exit> {
    const closed = new Promise<void>((resolve) => this.#process.once("close", () => resolve()));
    const exit = await new Promise<Exit>((resolve) => {
      this.#process.once("error", (error) => {
        if (this.pid === undefined) resolve({ code: null, signal: null, error });
      });
      this.#process.once("exit", (code, signal) => resolve({ code, signal }));
    });
    this.#send("SIGKILL"); // what it started and left behind
    await Promise.race([closed, delay(DRAIN_MS)]);
    this.#over = true;
    running.delete(this);
    if (this.pid !== undefined) {
      releaseGroup(this.pid);
      forgetChild(this.pid);
    }
    for (const pipe of this.#process.stdio) pipe?.destroy();
    return exit;
  }
}

/** If a program cannot be started, Node throws, emits an error, or creates no pipes, depending on the reason. */
function started({ program, args }: Command, options: SpawnOptions): ChildProcess {
  try {
    return withPipes(spawn(program, args, options));
  } catch (error) {
    const none = withPipes(new ChildProcess());
    process.nextTick(() => {
      none.emit("error", error);
      none.emit("close");
    });
    return none;
  }
}

/** Without descriptors to spare Node makes no pipes, and trips over that itself. */
function withPipes(child: ChildProcess): ChildProcess {
  return child.stdio ? child : Object.assign(child, { stdio: [] });
}

function pipesFor(outputs: readonly number[], input: boolean): ("pipe" | "ignore")[] {
  const pipes: ("pipe" | "ignore")[] = [input ? "pipe" : "ignore", "ignore", "pipe"];
  for (const fd of outputs) {
    while (pipes.length <= fd) pipes.push("ignore");
    pipes[fd] = "pipe";
  }
  return pipes;
}
