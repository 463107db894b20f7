import { ThingError } from "../../base/errors.ts";
import { Heartbeats } from "../../base/heartbeats.ts";
import { countedLimit } from "../../base/limit-hits.ts";
import type { Log } from "../../base/log.ts";
import { Child, type Command } from "../../processes/child.ts";
import { endSentence } from "../../processes/supervised-process.ts";
import { type MessageTaker, V4l2MessageReader } from "./message-reader.ts";
import type { V4l2Answer, V4l2Message, V4l2Trouble } from "./messages.ts";
import { asThingError, deviceFailure, refusal } from "./trouble.ts";

/** Commands that wait for their answers. */
const MOST_WAITING = 64;
const LONGEST_LINE = 65_536; // bytes
const tooMany = countedLimit("camera_commands");

interface Pending {
  resolve(answer: V4l2Answer): void;
  reject(error: ThingError): void;
}

/** How long a command may take. */
export interface CommandLimits {
  readonly withinMs: number;
  /** Who sent it does not wait any more; the command itself is carried out. */
  readonly signal?: AbortSignal | undefined;
}

/** One run of the V4L2 camera program on one device: commands and their answers, and what else it sends. */
export class V4l2Connection {
  /** Resolves with the reason when the program has ended and its pipes are closed. Never rejects. */
  readonly ended: Promise<ThingError>;
  /** Resolves with the reason when it is killed, which its driver may keep from ending it. */
  readonly killed: Promise<ThingError>;
  readonly device: string;
  readonly #child: Child;
  readonly #taker: MessageTaker;
  readonly #program: string;
  readonly #pending = new Map<number, Pending>();
  #number = 0;
  #trouble: V4l2Trouble | undefined;
  #fault: ThingError | undefined;
  #onKill: (reason: ThingError) => void = () => {};
  /** Why it has ended, once it has. */
  #reason: ThingError | undefined;

  /** @param device - Its node, for sentences. @param taker - Gets frames, and all messages but answers. */
  constructor(command: Command, device: string, taker: MessageTaker, log: Log) {
    this.device = device;
    this.killed = new Promise((resolve) => {
      this.#onKill = resolve;
    });
    this.#taker = taker;
    this.#program = command.program;
    this.#child = new Child(command, { outputs: [1], input: true, log });
    const reader = new V4l2MessageReader({
      message: (message) => this.#take(message),
      memoryFor: (info, bytes) => taker.memoryFor(info, bytes),
      frame: (info, payload) => taker.frame(info, payload),
    });
    this.#child.receive(1, reader, (error) => this.kill(asThingError(error)));
    this.ended = this.#whenEnded();
  }

  /** The process id, unless it could not be started. */
  get pid(): number | undefined {
    return this.#child.pid;
  }

  /**
   * Sends a command and waits for its answer. One that is not answered in time ends the program: an ioctl hangs in its driver.
   * @throws {ThingError} What the device refused, in words; `NOT_READY`, `DISCONNECTED` or `SOURCE_FAILED` when the program ended or hung; `TOO_BUSY`.
   */
  async command(words: string, limits: CommandLimits): Promise<V4l2Answer> {
    return accepted(await this.ask(words, limits));
  }

  /** The same; a refusal is an answer. */
  async ask(words: string, { withinMs, signal }: CommandLimits): Promise<V4l2Answer> {
    signal?.throwIfAborted();
    if (this.#reason) throw this.#reason;
    if (this.#pending.size >= MOST_WAITING) throw tooBusy();
    const number = this.#number;
    this.#number = (this.#number + 1) % 2 ** 32;
    const line = `${number} ${words}\n`;
    if (Buffer.byteLength(line) > LONGEST_LINE)
      throw new ThingError("INVALID_INPUT", "The values are too long for one command.");
    return this.#answer(number, line, withinMs, signal);
  }

  /** Ends it in order. Resolves when it is gone. */
  async stop(): Promise<void> {
    await this.#child.stop();
  }

  /** Ends it at once. @param reason - What is told of it, unless something was told before. */
  kill(reason: ThingError): void {
    this.#fault ??= reason;
    this.#child.kill();
    this.#onKill(this.#fault);
  }

  #answer(
    number: number,
    line: string,
    withinMs: number,
    signal: AbortSignal | undefined,
  ): Promise<V4l2Answer> {
    return new Promise<V4l2Answer>((resolve, reject) => {
      const settle = () => {
        silence.stop();
        signal?.removeEventListener("abort", onAbort);
        this.#pending.delete(number);
      };
      const onAbort = () => {
        signal?.removeEventListener("abort", onAbort);
        reject(signal?.reason); // its answer is still waited for, so that a driver that hangs is noticed
      };
      const pending: Pending = {
        resolve: (answer) => {
          settle();
          resolve(answer);
        },
        reject: (error) => {
          settle();
          reject(error);
        },
      };
      const silence = new Heartbeats({ startMs: withinMs }, () => {
        this.kill(hangs(withinMs));
        pending.reject(hangs(withinMs)); // a driver may keep even a killed program
      });
      signal?.addEventListener("abort", onAbort);
      this.#pending.set(number, pending);
      this.#child.input?.write(line);
    });
  }

  #take(message: V4l2Message): void {
    if (message.type === "answer") {
      const { answer } = message;
      if (answer.answer !== null) this.#pending.get(answer.answer)?.resolve(answer);
      return;
    }
    if (message.type === "error" && message.trouble.fatal) this.#trouble = message.trouble;
    this.#taker.message(message);
  }

  async #whenEnded(): Promise<ThingError> {
    const exit = await this.#child.ended;
    const sentence = endSentence(this.#program, exit, this.#child.errorLines);
    const reason =
      this.#fault ??
      (this.#trouble
        ? await deviceFailure(this.#trouble, this.device, this.pid)
        : new ThingError("SOURCE_FAILED", `The V4L2 camera program ended: ${sentence}`));
    this.#reason = reason;
    for (const { reject } of [...this.#pending.values()]) reject(reason);
    return reason;
  }
}

/** The same answer. @throws {ThingError} What the device refused, in words. */
export function accepted(answer: V4l2Answer): V4l2Answer {
  if (answer.ok) return answer;
  if (answer.error) throw refusal(answer.error);
  throw new ThingError("NOT_READY", "The camera refused it without a reason.");
}

function hangs(withinMs: number): ThingError {
  return new ThingError(
    "NOT_READY",
    `The camera's driver did not answer within ${withinMs / 1000} s. Its program is ended and started again. Try again in some seconds.`,
  );
}

function tooBusy(): ThingError {
  tooMany.hit();
  return new ThingError(
    "TOO_BUSY",
    `${MOST_WAITING} commands wait for the camera already. Try again when it has answered.`,
  );
}
