import type { ClientError, LogLine, RemoteInvocation } from "../../src/client/index.ts";
import { sentenceOf } from "./sentence-of.ts";

/** `sent` until the server has answered; `refused` when it did not begin; `lost` when the server can be asked no more. */
export type RunStatus =
  | "sent"
  | "pending"
  | "running"
  | "completed"
  | "failed"
  | "cancelled"
  | "refused"
  | "lost";

/** How an action is begun: with what ends the attempt. */
type Start = (signal: AbortSignal) => Promise<RemoteInvocation>;

/** One run of an action as a page knows it, from the click on. It dispatches `change` when anything of it is another. */
export class Run extends EventTarget {
  readonly action: string;
  isCancelling = false;
  /** Why it could not be cancelled. */
  cancelProblem: string | undefined;
  /** Why it was refused, or lost. */
  #failure: unknown;
  #invocation: RemoteInvocation | undefined;
  #input: unknown;
  #isToBeTold = false;
  readonly #sentAt = performance.now();
  /** How long the answer took, ms. */
  #tookMs: number | undefined;
  readonly #stop = new AbortController();

  private constructor(action: string) {
    super();
    this.action = action;
  }

  /** A run that begins. */
  static begun(action: string, input: unknown, start: Start): Run {
    const run = new Run(action);
    run.#input = input;
    void run.#begin(start);
    return run;
  }

  /** A run that another page, or program, has begun. */
  static found(invocation: RemoteInvocation): Run {
    const run = new Run(invocation.action);
    run.attach(invocation);
    return run;
  }

  /** Where the server tells of it; undefined before it has answered, and of synchronous actions. */
  get href(): string | undefined {
    return this.#invocation?.href;
  }

  get status(): RunStatus {
    const { error, status, finished } = this.#invocation ?? {};
    if (this.#failure !== undefined) return this.#failureStatus(this.#failure);
    if (status === undefined) return "sent";
    if (!finished) return status === "running" ? "running" : "pending";
    if (!error) return "completed";
    return error.code === "ACTION_CANCELLED" ? "cancelled" : "failed";
  }

  get isOver(): boolean {
    return !["sent", "pending", "running"].includes(this.status);
  }

  /** ms; undefined where nobody tells. */
  get elapsedMs(): number | undefined {
    const { elapsedMs } = this.#invocation ?? {};
    return elapsedMs ?? (this.isOver ? this.#tookMs : performance.now() - this.#sentAt);
  }

  get progress(): { fraction: number; message?: string } | undefined {
    return this.#invocation?.progress;
  }

  get log(): readonly LogLine[] {
    return this.#invocation?.log ?? [];
  }

  get input(): unknown {
    return this.#input ?? this.#invocation?.input;
  }

  get output(): unknown {
    return this.#invocation?.output;
  }

  /** The server's sentence, where it did not end well. */
  get problem(): string | undefined {
    const error = this.#failure ?? this.#invocation?.error;
    return error instanceof Error ? sentenceOf(error) : undefined;
  }

  /** What is wrong with the input that was refused. */
  get faults(): ClientError["faults"] {
    const { faults } = Object(this.#failure);
    return Array.isArray(faults) ? faults : [];
  }

  /** When it was asked for, by the server's clock. */
  get time(): number | undefined {
    return this.#invocation?.timeRequested;
  }

  /** Follows it by what the server says now: also when it was taken for lost. */
  attach(invocation: RemoteInvocation): void {
    this.#failure = undefined;
    this.#invocation = invocation;
    void this.#followed(invocation);
  }

  /** Asks the server to stop it. */
  async cancel(): Promise<void> {
    if (this.isOver || this.isCancelling) return;
    this.isCancelling = true;
    this.cancelProblem = undefined;
    this.#changed();
    try {
      if (this.#invocation) await this.#invocation.cancel();
      else this.#stop.abort(new DOMException("Cancelled.", "AbortError"));
    } catch (error) {
      this.cancelProblem = sentenceOf(error);
    }
    this.isCancelling = false;
    this.#changed();
  }

  /** Its input and log, which lists of runs come without. */
  async complete(): Promise<void> {
    if (!this.isOver || this.log.length > 0) return;
    await this.#invocation?.refresh().catch(() => {}); // forgotten meanwhile: the list had the rest
    this.#changed();
  }

  async #begin(start: Start): Promise<void> {
    try {
      const invocation = await start(this.#stop.signal);
      this.#tookMs = performance.now() - this.#sentAt;
      this.attach(invocation);
    } catch (error) {
      this.#tookMs = performance.now() - this.#sentAt;
      this.#failure = error;
    }
    this.#changed();
  }

  async #followed(invocation: RemoteInvocation): Promise<void> {
    const changed = () => this.#changedSoon();
    try {
      await invocation.result({ onProgress: changed, onLog: changed });
    } catch (error) {
      // How it ended stands in its state; else the server cannot be asked, or has forgotten it.
      if (!invocation.finished) this.#failure = error;
    }
    this.#changed();
  }

  #failureStatus(failure: unknown): RunStatus {
    if (this.#stop.signal.aborted && !this.#invocation) return "cancelled";
    if (this.#invocation) return "lost";
    const { code, status } = Object(failure);
    if (code === "ACTION_CANCELLED") return "cancelled";
    // A synchronous action that fails is answered with 500 and more; what is refused, with 400 and more.
    return status >= 400 && status < 500 ? "refused" : "failed";
  }

  /** An answer may bring a thousand lines: that is one change. */
  #changedSoon(): void {
    if (this.#isToBeTold) return;
    this.#isToBeTold = true;
    queueMicrotask(() => {
      this.#isToBeTold = false;
      this.#changed();
    });
  }

  #changed(): void {
    this.dispatchEvent(new Event("change"));
  }
}
