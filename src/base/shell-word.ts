/** A path as one word of a POSIX shell: in quotes where it has to be, so that a command in a sentence can be copied. */
export function shellWord(path: string): string {
  return /^[\w@%+=:,./-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`;
}
