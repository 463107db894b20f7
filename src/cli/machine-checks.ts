import { access, constants, readFile, rm, statfs, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { dirname, join, resolve } from "node:path";
import type { Check, CheckResult } from "../base/checks.ts";
import { codeOf, reasonOf } from "../base/errors.ts";

const FEWEST_DESCRIPTORS = 1024;
const LITTLE_SPACE_BYTES = 1e9;
/** A disk takes 1 to 20 ms. */
const SLOW_SYNC_MS = 200;

/** Which Node runs? One that is too old does not come here: `main.ts` refuses it. */
export const nodeCheck: Check = {
  name: "node",
  async run() {
    return { level: "ok", message: `Node ${process.versions.node} runs.` };
  },
};

/** Can a server listen on this port of the loopback address? */
export function portCheck(port: number): Check<CheckResult> {
  return {
    name: "port",
    run: () =>
      new Promise<CheckResult>((done) => {
        const server = createServer();
        server.once("error", (error) =>
          done({
            level: "warn",
            ...portFault(error, port),
          }),
        );
        server.listen({ host: "127.0.0.1", port }, () =>
          server.close(() => done({ level: "ok", message: `Port ${port} is free.` })),
        );
      }),
  };
}

function portFault(error: Error, port: number): Pick<CheckResult, "message" | "fix"> {
  const cannot = `A server cannot listen on port ${port}`;
  if (codeOf(error) === "EACCES") {
    const fix = "Use a port from 1024: thingscope serve --port 5000";
    return { message: `${cannot}: this user may not use it.`, fix };
  }
  const why = codeOf(error) === "EADDRINUSE" ? "another program uses it" : reasonOf(error);
  return {
    message: `${cannot}: ${why}.`,
    fix: `End that program (ss -ltnp 'sport = :${port}' names it), or: thingscope serve --port ${port + 1}`,
  };
}

/** Can settings be kept here, and is there room? */
export function settingsCheck(folder: string): Check<CheckResult> {
  const path = resolve(folder);
  return {
    name: "settings",
    async run() {
      try {
        const existing = await existingParent(path);
        await access(`${existing}/.`, constants.W_OK | constants.X_OK);
        const { bavail, bsize } = await statfs(existing);
        const gigabytes = ((bavail * bsize) / 1e9).toFixed(1);
        const ms = await syncMs(existing);
        const message = `Settings can be saved in ${path}, in ${ms.toFixed(0)} ms; ${gigabytes} GB are free.`;
        if (bavail * bsize < LITTLE_SPACE_BYTES)
          return {
            level: "warn",
            message,
            fix: "Free disk space: a recording would fill it soon.",
          };
        if (ms < SLOW_SYNC_MS) return { level: "ok", message };
        return {
          level: "warn",
          message,
          fix: "Record onto a faster disk (docs/disks.md): this one takes long to write, as worn SD cards do.",
        };
      } catch (error) {
        return {
          level: "fail",
          message: `Settings cannot be saved in ${path}: ${reasonOf(error)}.`,
          fix: /^(ENOSPC|EDQUOT)$/.test(codeOf(error))
            ? "Free disk space, or use a folder on another disk: thingscope serve --settings FOLDER"
            : "Use a folder that this user can write to: thingscope serve --settings FOLDER",
        };
      }
    },
  };
}

/** May this process have as many sockets open as viewers may come? */
export const descriptorCheck: Check = {
  name: "descriptors",
  async run() {
    const limits = await readFile("/proc/self/limits", "utf8").catch(() => "");
    const found = /^Max open files\s+(\d+)/m.exec(limits)?.[1];
    if (!found)
      return { level: "ok", message: "This system does not report its limit of open files." };
    const message = `This process may open ${found} files and sockets.`;
    if (Number(found) >= FEWEST_DESCRIPTORS) return { level: "ok", message };
    return { level: "warn", message, fix: `ulimit -n ${FEWEST_DESCRIPTORS}` };
  },
};

/** How long the disk takes until a small file is on it, the shorter of two times: the first one may wait for others' data. */
async function syncMs(folder: string): Promise<number> {
  const file = join(folder, `.thingscope-doctor-${process.pid}`);
  try {
    const times: number[] = [];
    while (times.length < 2) {
      const begin = performance.now();
      await writeFile(file, "x".repeat(4096), { flush: true });
      times.push(performance.now() - begin);
    }
    return Math.min(...times);
  } finally {
    await rm(file, { force: true });
  }
}

async function existingParent(path: string): Promise<string> {
  for (let folder = path; ; folder = dirname(folder)) {
    const isThere = await access(folder).then(
      () => true,
      () => false,
    );
    if (isThere || folder === dirname(folder)) return folder;
  }
}
