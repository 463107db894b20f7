import { type Command, InvalidArgumentError, Option } from "commander";
import type { Role } from "../core/affordances.ts";
import type { Place } from "./account-verbs.ts";

const ROLES: readonly Role[] = ["view", "operate", "admin"];

const verbs = () => import("./account-verbs.ts");

/** `tokens`, `users` and `sessions`: who may log in. A running server sees each change within a second. */
export function addAccountCommands(program: Command): void {
  const tokens = program.command("tokens").description("make, list and end tokens for programs");
  placed(tokens, "create", "make a token, and print it this once")
    .addOption(role("what may be done with it"))
    .option("--days <number>", "how long it is good for", positiveNumber, 90)
    .option("--name <name>", "what it is called; made up when absent")
    .action(async (options: Place & { role: Role; days: number; name?: string }) => {
      await (await verbs()).createdToken(options);
    });
  placed(tokens, "list", "show all tokens, but not their secrets").action(async (options: Place) =>
    (await verbs()).listTokens(options),
  );
  placed(tokens, "revoke", "end a token, and all that it opened")
    .argument("<name>", "as 'tokens list' shows it")
    .action(async (name: string, options: Place) => (await verbs()).endToken(name, options));

  const users = program.command("users").description("add, list and remove people with a password");
  placed(users, "add", "add a user, or give one a new password and role")
    .argument("<name>", "what the user logs in with; the password is asked for")
    .addOption(role("what this user may do"))
    .action(async (name: string, options: Place & { role: Role }) => {
      await (await verbs()).addUser(name, options);
    });
  placed(users, "list", "show all users").action(async (options: Place) => {
    await (await verbs()).listUsers(options);
  });
  placed(users, "remove", "remove a user, and end all that it opened")
    .argument("<name>", "as 'users list' shows it")
    .action(async (name: string, options: Place) => (await verbs()).dropUser(name, options));

  const sessions = program.command("sessions").description("who is logged in with a browser");
  placed(sessions, "end", "log every browser out, and end every signed address").action(
    async (options: Place) => (await verbs()).endAllSessions(options),
  );
}

function placed(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option("--settings <folder>", "where the server keeps its settings, 'settings' when absent")
    .option("--config <file>", "the server's configuration, which may say where that is");
}

function role(description: string): Option {
  return new Option("--role <role>", description).choices(ROLES).makeOptionMandatory();
}

function positiveNumber(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError("It is a number of days, from 1.");
}
