import { ThingError } from "../base/errors.ts";
import { Child, type Command } from "./child.ts";
import { startFailure } from "./start-failure.ts";

/** What a program that runs to its end may take. */
interface RunLimits {
  /** Longest time, ms: after that it is killed. */
  readonly timeoutMs: number;
  /** Its longest output, bytes. */
  readonly mostBytes: number;
  /** Aborts when nobody wants its output any more: then it is ended, and killed if it goes on. */
  readonly signal?: AbortSignal | undefined;
}

/** How a program ended that ran to its end. */
interface RunResult {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly output: Buffer;
  /** The first line of its error output, and the last ones. */
  readonly firstError: string | undefined;
  readonly errorLines: readonly string[];
}

/**
 * Runs a program to its end, whatever its code, and gives what it wrote to its output.
 * @throws {ThingError} `PROGRAM_MISSING`, `PROGRAM_REFUSED`; `SOURCE_FAILED` when it took too long or wrote too much. The reason of
 *   `signal`, once the program has ended.
 */
export async function runProgram(
  command: Command,
  { timeoutMs, mostBytes, signal }: RunLimits,
): Promise<RunResult> {
  signal?.throwIfAborted();
  let firstError: string | undefined;
  const child = new Child(command, {
    outputs: [1],
    onErrorLine: (line) => {
      firstError ??= line;
    },
  });
  const chunks: Buffer[] = [];
  let [bytes, fault] = [0, ""];
  const end = (why: string) => {
    fault ||= why;
    child.kill();
  };
  child.output(1).on("data", (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes <= mostBytes) chunks.push(chunk);
    else end(`wrote more than ${mostBytes} bytes`);
  });
  const timer = setTimeout(() => end(`timed out after ${timeoutMs / 1000} s`), timeoutMs);
  const leave = () => void child.stop();
  signal?.addEventListener("abort", leave, { once: true });
  const { code, error } = await child.ended;
  clearTimeout(timer);
  signal?.removeEventListener("abort", leave);
  if (error) throw startFailure(command.program, error);
  signal?.throwIfAborted();
  if (fault) throw new ThingError("SOURCE_FAILED", `${command.program} ${fault} and was ended.`);
  return { code, output: Buffer.concat(chunks), firstError, errorLines: child.errorLines };
}
