import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Check, CheckResult } from "../base/checks.ts";
import { AccountsFile, secretsFolder } from "../server/access/login/accounts-file.ts";

const SOON_MS = 30 * 24 * 3600_000;

/** Can those who may log in, and only they? It changes nothing. */
export function accessCheck(settings: string): Check {
  const folder = secretsFolder(resolve(settings));
  return {
    name: "access",
    async run() {
      const found = await stat(join(folder, "accounts.json")).catch(() => undefined);
      if (!found) return { level: "ok", message: "Nobody has to log in here so far." };
      const openTo = (await othersMayRead(folder)) ?? (await expiring(folder));
      if (openTo) return openTo;
      const { users, tokens } = (await new AccountsFile(folder).peek()).data;
      const ended = Object.values(tokens).filter(({ expires }) => Date.parse(expires) < Date.now());
      const counts = `${Object.keys(users).length} users and ${Object.keys(tokens).length} tokens`;
      const message = `${counts} may log in${ended.length > 0 ? `; ${ended.length} of the tokens have ended` : ""}.`;
      return { level: "ok", message };
    },
  };
}

async function othersMayRead(folder: string): Promise<CheckResult | undefined> {
  for (const path of ["", "accounts.json", "sessions.json", "key.pem"]) {
    const full = join(folder, path);
    const found = await stat(full).catch(() => undefined);
    if (!found || (found.mode & 0o077) === 0) continue;
    return {
      level: "warn",
      message: `Others on this computer may read ${full}, which has secrets.`,
      fix: `chmod -R go= ${folder}`,
    };
  }
  return undefined;
}

async function expiring(folder: string): Promise<CheckResult | undefined> {
  const pem = await readFile(join(folder, "certificate.pem")).catch(() => undefined);
  if (!pem) return undefined;
  const { validTo } = new X509Certificate(pem);
  if (Date.parse(validTo) - Date.now() > SOON_MS) return undefined;
  return {
    level: "warn",
    message: `The server's own certificate ends on ${validTo}.`,
    fix: "Restart the server: --tls auto makes a new one.",
  };
}
