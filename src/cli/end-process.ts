import { delay } from "../base/abort.ts";

/** How long requests to the system that are under way may take to end, ms. */
const LAST_REQUESTS_MS = 300;
const LOOK_EVERY_MS = 20;
/** What a thread of libuv's pool does, by Node's names for it: files, and looking up names of hosts. */
const IN_A_THREAD = /^(FSReq|FileHandleCloseReq|GetAddrInfoReq|GetNameInfoReq)/;

/**
 * Ends this process with `code`. Node waits for the threads that work for it, even at `process.exit`, and one that
 * waits for a disk, a device, a terminal or a name server that does not answer may never end: then it is killed.
 */
export async function endProcess(code: number): Promise<never> {
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
