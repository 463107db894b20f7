import { randomBytes, scryptSync } from "node:crypto";
import { mkdtemp } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import type { Log, ServerOptions } from "thingscope";
import { now, wallTime } from "../../src/base/clock.ts";
import type { Role } from "../../src/core/affordances.ts";
import { createToken, setUser } from "../../src/server/access/login/account-changes.ts";
import { AccountsFile } from "../../src/server/access/login/accounts-file.ts";
import { laboratory } from "./cameras.ts";
import { type Answer, ask } from "./requests.ts";

export const ROLES = ["view", "operate", "admin"] as const;
export const PASSWORD = "correct horse battery";

export type Secured = Awaited<ReturnType<typeof secured>>;

/** The hash of `PASSWORD` at a fiftieth of what a real one costs: a check takes what the hash says. */
function cheapHash(): string {
  const [N, r, p] = [2 ** 11, 8, 1];
  const salt = randomBytes(16).toString("base64url");
  const key = scryptSync(PASSWORD, salt, 32, { N, r, p }).toString("base64url");
  return ["scrypt", N, r, p, salt, key].join("$");
}

/**
 * The laboratory, with a login, a token of each role, and a clock that the test may move.
 * @param users - Also a user of each role, whose password is cheap to check, or, where "real", is kept as the server keeps it.
 */
export async function secured(
  t: TestContext,
  { users = false, ...options }: ServerOptions & { log?: Log; users?: boolean | "real" } = {},
) {
  const folder = await mkdtemp(join(tmpdir(), "thingscope-access-"));
  const time = { passed: 0 };
  const clock = { now: () => now() + time.passed, wall: () => wallTime() + time.passed };
  const file = new AccountsFile(folder);
  const tokens: Record<Role, string> = { push: "", view: "", operate: "", admin: "" };
  for (const role of ROLES) {
    tokens[role] = (await createToken(file, { role, days: 90, name: role })).token;
    if (users === "real") await setUser(file, `${role}er`, { role, password: PASSWORD });
    else if (users) await addUser(file, `${role}er`, { role, password: cheapHash() });
  }
  tokens.push = (await createToken(file, { role: "push", days: 90, name: "push" })).token;
  const lab = await laboratory(t, { ...options, login: { folder, clock } });
  return { ...lab, folder, file, tokens, time };
}

async function addUser(
  file: AccountsFile,
  name: string,
  { role, password }: { role: Role; password: string },
): Promise<void> {
  const entry = { id: `the-${name}`, role, password, created: new Date().toISOString() };
  await file.change((data) => ({ ...data, users: { ...data.users, [name]: entry } }));
}

/** Logs in as a browser does. @returns The cookie that it keeps, and the whole answer. */
export async function logIn(
  port: number,
  credentials: Record<string, string>,
): Promise<{ cookie: string; answer: Answer }> {
  const answer = await ask(port, {
    method: "POST",
    path: "/login",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(credentials),
  });
  const [cookie = ""] = String(answer.headers["set-cookie"] ?? "").split(";");
  return { cookie, answer };
}

export function bearer(token: string): { Authorization: string } {
  return { Authorization: `Bearer ${token}` };
}

export function basic(user: string, password: string): { Authorization: string } {
  return { Authorization: `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}` };
}

/** What a check says about a request, repeated until it says `status`: a running server looks for changes once a second. */
export async function becomes(
  status: number,
  request: () => Promise<{ status: number }>,
): Promise<void> {
  for (;;) {
    const answer = await request();
    if (answer.status === status) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
