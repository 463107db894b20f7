/** What the system calls an error, e.g. `ENOENT`; empty for what is none of the system's. */
export function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}
