/** What the system's commonest refusals mean. The path is known: the sentence is about it. */
const WORDS: Readonly<Record<string, string>> = {
  EACCES: "this user has no permission for it",
  EDQUOT: "the quota of this user is used up",
  EEXIST: "something of that name exists already",
  EISDIR: "it is a folder",
  EMFILE: "this process has too many files open",
  ENOENT: "there is no such file or folder",
  ENOSPC: "the disk is full",
  ENOTDIR: "a part of the path is a file, not a folder",
  EPERM: "the system does not allow it",
  EROFS: "the disk is mounted read-only",
};

/** Calls on a file that is open: their errors have no path. */
const ON_OPEN_FILES: readonly unknown[] = ["fdatasync", "fsync", "ftruncate", "read", "write"];

/** Why the system refused a call on a file, in words, with its code; undefined for any other error. */
export function systemReason(error: unknown): string | undefined {
  if (!(error instanceof Error && "syscall" in error && "code" in error)) return undefined;
  if (!("path" in error || ON_OPEN_FILES.includes(error.syscall))) return undefined; // a socket's
  const words = WORDS[String(error.code)];
  return words === undefined ? undefined : `${words} (${error.code})`;
}
