import { statSync } from "node:fs";

/** Whether a test is left out, and why: the end of a run counts these tests and names each with its reason. */
interface Needed {
  readonly skip: false | string;
}

/** @param what - What the test does that only root may: "mounts a disk". */
export function needsRoot(what: string): Needed {
  return { skip: process.getuid?.() !== 0 && `needs root: it ${what}` };
}

/** For tests whose disks are programs of FUSE: root, and a kernel that has it, which a container often lacks. */
export function needsFuse(what: string): Needed {
  const { skip } = needsRoot(what);
  if (skip) return { skip };
  const hasFuse = statSync("/dev/fuse", { throwIfNoEntry: false }) !== undefined;
  return { skip: !hasFuse && `needs /dev/fuse: it ${what}` };
}

const { THINGSCOPE_LONG: isLong } = process.env;

/** For a test that has no short form, and what it needs beside. */
export function needsLong({ skip }: Needed = { skip: false }): Needed {
  return skip ? { skip } : { skip: !isLong && "needs THINGSCOPE_LONG=1: it has no short form" };
}
