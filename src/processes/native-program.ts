import { ThingError } from "../base/errors.ts";
import { nativePrograms } from "../base/native.ts";
import { runProgram } from "./run-program.ts";

/** It answers in 2 ms, unless the machine is starting and its card is slow: nothing shall be taken for another processor that is late. */
const VERSION_LIMITS = { timeoutMs: 25_000, mostBytes: 4096 };
/** Why a machine starts no more programs. */
const FULL: ReadonlySet<string> = new Set(["EAGAIN", "EMFILE", "ENFILE", "ENOMEM"]);
const found = new Map<string, Promise<string | undefined>>();

/**
 * The file of the program `native/NAME` that this machine can run, or undefined where there is none: each is asked once for its version,
 * since one that was built beside another C library, and copied here, may be executed and does not start.
 */
export function runnableProgram(name: string): Promise<string | undefined> {
  let first = found.get(name);
  if (!first) {
    first = firstThatRuns(name);
    found.set(name, first);
  }
  return first;
}

async function firstThatRuns(name: string): Promise<string | undefined> {
  let isSure = true;
  for (const program of nativePrograms(name)) {
    try {
      const { code } = await runProgram({ program, args: ["version"] }, VERSION_LIMITS);
      if (code === 0) return program;
    } catch (error) {
      isSure &&= !isForNow(error);
    }
  }
  if (!isSure) found.delete(name); // a busy machine is no machine of another kind: it is asked again
  return undefined;
}

/** Whether a program may well run another time: it was late, or this machine started no more programs. */
function isForNow(error: unknown): boolean {
  if (!(error instanceof ThingError)) return false;
  return error.code === "SOURCE_FAILED" || FULL.has(String(Object(error.cause).code));
}
