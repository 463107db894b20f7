import { open, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { delay } from "../../../base/abort.ts";
import { now } from "../../../base/clock.ts";
import { messageOf, ThingError } from "../../../base/errors.ts";
import { type Log, silentLog } from "../../../base/log.ts";
import { readRegular } from "../../../base/regular-file.ts";
import { errorsIn } from "../../../core/schema.ts";
import { SettingsFile } from "../../../core/settings-file.ts";
import { assertOwn, makePrivate } from "../private-folder.ts";
import { Accounts, AccountsData } from "./accounts.ts";
import { newSecret } from "./secrets.ts";

/** Where secrets are, in the folder of all settings. No Thing can have this name. */
export function secretsFolder(settingsFolder: string): string {
  return join(settingsFolder, ".access");
}

const POLL_MS = 1000;
const LOCK_WAIT_MS = 5000;
const LOCK_STALE_MS = 10_000;

/**
 * The accounts on disk, in a folder that only this user reads. Command lines change them while a server runs,
 * which sees it within a second; it never writes them itself.
 */
export class AccountsFile {
  readonly #folder: string;
  readonly #path: string;
  readonly #log: Log;
  #accounts = new Accounts({ key: newSecret(), users: {}, tokens: {} });
  #version = "";
  #lastFault = "";
  #refreshing: Promise<boolean> | undefined;
  #onChange: (accounts: Accounts) => void = () => {};

  constructor(folder: string, log: Log = silentLog) {
    this.#folder = folder;
    this.#path = join(folder, "accounts.json");
    this.#log = log;
  }

  /** Those of the last `open`, `refresh` or `change`. */
  get current(): Accounts {
    return this.#accounts;
  }

  /** Reads them, and makes the file where there is none. @throws {ThingError} `BAD_CONFIG` for a file that is none. */
  async open(): Promise<Accounts> {
    await makePrivate(this.#folder, this.#log);
    if ((await versionOf(this.#path)) === undefined) return this.change((data) => data);
    return this.#read();
  }

  /** Reads them, and leaves everything as it is. @throws {ThingError} `BAD_CONFIG`. */
  peek(): Promise<Accounts> {
    return this.#read();
  }

  /** Reads them again if they have changed. A file that cannot be read changes nothing, and is told once. */
  refresh(): Promise<boolean> {
    this.#refreshing ??= this.#refresh().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  /** Looks for changes once a second until the result is called, and tells of any that is found meanwhile. */
  watch(onChange: (accounts: Accounts) => void): () => void {
    this.#onChange = onChange;
    const timer = setInterval(() => void this.refresh(), POLL_MS).unref();
    return () => clearInterval(timer);
  }

  /** Saves what `edit` makes of the present accounts; nobody else changes them meanwhile. */
  async change(edit: (data: AccountsData) => AccountsData): Promise<Accounts> {
    await makePrivate(this.#folder, this.#log);
    return this.#locked(async () => {
      const isThere = (await versionOf(this.#path)) !== undefined;
      const before = isThere ? await this.#read() : this.#accounts;
      const data = edit(before.data);
      await new SettingsFile(this.#path, this.#log).save(data);
      return this.#read();
    });
  }

  async #refresh(): Promise<boolean> {
    const version = await versionOf(this.#path);
    if (version === undefined || version === this.#version) return false;
    try {
      await this.#read();
      this.#lastFault = "";
      return true;
    } catch (error) {
      const fault = messageOf(error);
      if (fault !== this.#lastFault)
        this.#log.error(`${fault} Until then the previous accounts stay in force.`);
      this.#lastFault = fault;
      return false;
    }
  }

  async #read(): Promise<Accounts> {
    assertOwn(this.#path, await stat(this.#path));
    const version = await versionOf(this.#path);
    const data = parsed((await readRegular(this.#path, { follow: true })).toString("utf8"));
    if (!isAccounts(data)) throw unusable(this.#path);
    this.#version = version ?? "";
    this.#accounts = new Accounts(data);
    this.#onChange(this.#accounts);
    return this.#accounts;
  }

  async #locked<T>(work: () => Promise<T>): Promise<T> {
    const lock = `${this.#path}.lock`;
    await takeLock(lock);
    try {
      return await work();
    } finally {
      await rm(lock, { force: true });
    }
  }
}

/** Makes a file that must not be there yet. One that a process left behind is taken after a while. */
async function takeLock(path: string): Promise<void> {
  let [version, since]: [string | undefined, number] = [undefined, now()];
  for (const end = now() + LOCK_WAIT_MS + LOCK_STALE_MS; ; ) {
    const handle = await open(path, "wx", 0o600).catch((error) => {
      if (error.code === "EEXIST" && now() < end) return undefined;
      throw error;
    });
    if (handle) return handle.close();
    const found = await versionOf(path); // not how old it says it is: that changes with the clock
    if (found !== version) [version, since] = [found, now()];
    if (found !== undefined && now() - since > LOCK_STALE_MS) await rm(path, { force: true });
    else await delay(20);
  }
}

/** Differs whenever the file does: it is replaced as a whole. */
async function versionOf(path: string): Promise<string | undefined> {
  const found = await stat(path).catch(() => undefined);
  return found && `${found.ino}:${found.mtimeMs}:${found.size}`;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isAccounts(data: unknown): data is AccountsData {
  return errorsIn(AccountsData, data).length === 0;
}

function unusable(path: string): ThingError {
  return new ThingError(
    "BAD_CONFIG",
    `${path} does not contain readable users and tokens. Fix it, restore ${path}.prev, or move it away and create new ones.`,
  );
}
