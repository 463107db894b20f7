import { resolve } from "node:path";
import { createInterface } from "node:readline/promises";
import { Writable } from "node:stream";
import { ThingError } from "../base/errors.ts";
import { logTo } from "../base/log.ts";
import type { Role } from "../core/affordances.ts";
import {
  createToken,
  endSessions,
  type NewToken,
  removeUser,
  revokeToken,
  setUser,
} from "../server/access/login/account-changes.ts";
import { AccountsFile, secretsFolder } from "../server/access/login/accounts-file.ts";

/** Whose accounts. */
export interface Place {
  readonly settings?: string;
  readonly config?: string;
}

export async function createdToken(options: Place & NewToken): Promise<void> {
  const { name, token, expires } = await createToken(await accountsAt(options), options);
  console.log(token);
  console.error(
    `This is token '${name}', role ${options.role}, until ${day(expires)}. It is shown only now.`,
  );
}

export async function listTokens(place: Place): Promise<void> {
  const { data } = (await accountsAt(place)).current;
  const rows = Object.entries(data.tokens).map(([name, { role, created, expires }]) => {
    const ends = Date.parse(expires) > Date.now() ? "until" : "ended";
    return [name, role, `made ${day(created)}`, `${ends} ${day(expires)}`];
  });
  print(rows, "There are no tokens. Create one: thingscope tokens create --role view");
}

export async function endToken(name: string, place: Place): Promise<void> {
  await revokeToken(await accountsAt(place), name);
}

export async function addUser(name: string, options: Place & { role: Role }): Promise<void> {
  const file = await accountsAt(options);
  await setUser(file, name, { role: options.role, password: await askForPassword() });
}

export async function listUsers(place: Place): Promise<void> {
  const { data } = (await accountsAt(place)).current;
  const rows = Object.entries(data.users).map(([name, { role, created }]) => {
    return [name, role, `since ${day(created)}`];
  });
  print(rows, "There are no users. Add one: thingscope users add NAME --role operate");
}

export async function dropUser(name: string, place: Place): Promise<void> {
  await removeUser(await accountsAt(place), name);
}

export async function endAllSessions(place: Place): Promise<void> {
  await endSessions(await accountsAt(place));
}

async function accountsAt(place: Place): Promise<AccountsFile> {
  const complain = logTo((_, message) => console.error(message));
  const file = new AccountsFile(secretsFolder(await settingsFolder(place)), complain);
  await file.open();
  return file;
}

async function settingsFolder({ settings, config }: Place): Promise<string> {
  if (settings !== undefined && config !== undefined) {
    throw new ThingError("BAD_ARGUMENT", "Give --settings or --config, not both.");
  }
  if (config === undefined) return resolve(settings ?? "settings");
  const { loadConfig } = await import("./config.ts");
  return (await loadConfig(config)).settingsFolder;
}

/** Columns of texts, or a sentence when there are none. */
function print(rows: readonly string[][], otherwise: string): void {
  if (rows.length === 0) console.error(otherwise);
  const widths = rows[0]?.map((_, n) => Math.max(...rows.map((row) => row[n]!.length))) ?? [];
  for (const row of rows) {
    const columns = row.map((text, n) => text.padEnd(widths[n]!));
    console.log(columns.join("  ").trimEnd());
  }
}

function day(date: string): string {
  return date.slice(0, 10);
}

/**
 * A password, from a terminal without showing it, or the first line of a pipe. Never from the command line, which
 * others can read.
 * @throws {ThingError} `BAD_ARGUMENT` if there is none, or the repetition differs.
 */
async function askForPassword(): Promise<string> {
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
    throw new ThingError("BAD_ARGUMENT", "The two passwords differ. Nothing was changed.");
  } finally {
    lines.close();
  }
}

async function firstLine(): Promise<string> {
  for await (const line of createInterface({ input: process.stdin })) return line;
  throw new ThingError("BAD_ARGUMENT", "The standard input contains no password.");
}
