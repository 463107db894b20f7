import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { ThingError } from "../base/errors.ts";

/**
 * A password, from a terminal without showing it, or the first line of a pipe. Never from the command line, which
 * others can read.
 * @throws {ThingError} `BAD_ARGUMENT` when there is none, or the second time it is another.
 */
export async function askForPassword(): Promise<string> {
  const { stdin } = process;
  if (!stdin.isTTY) return firstLine();
  const unseen = new Writable({ write: (_chunk, _encoding, done) => done() });
  const lines = createInterface({ input: stdin, output: unseen, terminal: true });
  const ask = async (what: string) => {
    process.stderr.write(what);
    const answer = await lines.question("");
    process.stderr.write("\n");
    return answer;
  };
  try {
    const password = await ask("Password: ");
    if (password === (await ask("Once more: "))) return password;
    throw new ThingError("BAD_ARGUMENT", "The two are not the same. Nothing was changed.");
  } finally {
    lines.close();
  }
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw new ThingError("BAD_ARGUMENT", "There was no password on the standard input.");
}
