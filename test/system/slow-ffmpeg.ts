import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { TestContext } from "node:test";
import { promisify } from "node:util";
import { newPath } from "../recording/recordings.ts";

const run = promisify(execFile);

/**
 * Puts an ffmpeg in the way that does its work on what has `marker` in its name, and does not end before it is released.
 * The real one is there again after the test. @returns how it is released.
 */
export async function slowFfmpeg(t: TestContext, marker: string): Promise<() => Promise<void>> {
  const release = join(dirname(await newPath()), "release");
  const bin = join(dirname(await newPath()), "bin");
  await mkdir(bin);
  const real = (await run("which", ["ffmpeg"])).stdout.trim();
  const script = [
    "#!/bin/sh",
    `case "$*" in *${marker}*) ${real} "$@" || exit; while [ ! -e ${release} ]; do sleep 0.05; done ;;`,
    `*) exec ${real} "$@" ;; esac`,
  ];
  await writeFile(join(bin, "ffmpeg"), script.join("\n"), { mode: 0o755 });
  const before = process.env.PATH;
  process.env.PATH = `${bin}:${before}`;
  t.after(() => {
    process.env.PATH = before;
  });
  return () => writeFile(release, "");
}
