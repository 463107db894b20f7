import { X509Certificate } from "node:crypto";
import { readFile, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Check, CheckResult } from "../base/checks.ts";
import { AccountsFile, secretsFolder } from "../server/access/login/accounts-file.ts";

/** Are the accounts readable, and only by this user? Changes nothing. */
export function accessCheck(settings: string): Check {
  const folder = secretsFolder(resolve(settings));
  return {
    name: "access",
    async run() {
      const found = await stat(join(folder, "accounts.json")).catch(() => undefined);
      if (!found)
        return { level: "ok", message: "No accounts are configured in this settings folder." };
      const openTo = await othersMayRead(folder);
      if (openTo) return openTo;
      const { users, tokens } = (await new AccountsFile(folder).peek()).data;
      const ended = Object.values(tokens).filter(({ expires }) => Date.parse(expires) < Date.now());
      const counts = `${Object.keys(users).length} users and ${Object.keys(tokens).length} tokens`;
      const message = `${counts} may log in${ended.length > 0 ? `; ${ended.length} of the tokens have expired` : ""}.`;
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
      message: `Other users of this computer may read ${full}, which contains secrets.`,
      fix: `chmod -R go= ${folder}`,
    };
  }
  return undefined;
}

const SOON_MS = 30 * 24 * 3600_000;

/** Until when is the certificate that --tls auto made valid, and what do people compare it by? */
export function certificateCheck(settings: string): Check {
  const file = join(secretsFolder(resolve(settings)), "certificate.pem");
  return {
    name: "certificate",
    async run() {
      const pem = await readFile(file).catch(() => undefined);
      if (!pem) return { level: "ok", message: "--tls auto has made no certificate yet." };
      const { validTo, fingerprint256 } = new X509Certificate(pem);
      const message = `The certificate of --tls auto is valid until ${validTo}; its SHA-256 is ${fingerprint256}.`;
      if (Date.parse(validTo) - Date.now() > SOON_MS) return { level: "ok", message };
      return { level: "warn", message, fix: "Restart the server: --tls auto creates a new one." };
    },
  };
}
