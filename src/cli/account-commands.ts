import { type Command, InvalidArgumentError, Option } from "commander";
import { ROLES, type Role } from "../core/affordances.ts";
import type { Place } from "./account-verbs.ts";

const verbs = () => import("./account-verbs.ts");

/** `tokens`, `users` and `sessions` manage logins. A running server notices each change within a second. */
export function addAccountCommands(program: Command): void {
  const tokens = program
    .command("tokens")
    .description("create, list and revoke tokens for programs");
  placed(tokens, "create", "create a token, and print it once")
    .addOption(role("what the token allows"))
    .option("--days <number>", "how long it is valid", positiveNumber, 90)
    .option("--name <name>", "its name (default: generated)")
    .action(async (options: Place & { role: Role; days: number; name?: string }) => {
      await (await verbs()).createdToken(options);
    });
  placed(tokens, "list", "list all tokens, without their secrets").action(async (options: Place) =>
    (await verbs()).listTokens(options),
  );
  placed(tokens, "revoke", "revoke a token, and end its connections")
    .argument("<name>", "the name shown by 'tokens list'")
    .action(async (name: string, options: Place) => (await verbs()).endToken(name, options));

  const users = program.command("users").description("add, list and remove people with a password");
  placed(users, "add", "add a user, or give one a new password and role")
    .argument("<name>", "the login name; you are asked for the password")
    .addOption(role("what this user may do"))
    .action(async (name: string, options: Place & { role: Role }) => {
      await (await verbs()).addUser(name, options);
    });
  placed(users, "list", "list all users").action(async (options: Place) => {
    await (await verbs()).listUsers(options);
  });
  placed(users, "remove", "remove a user, and end the user's connections")
    .argument("<name>", "the name shown by 'users list'")
    .action(async (name: string, options: Place) => (await verbs()).dropUser(name, options));

  const sessions = program.command("sessions").description("manage browser logins");
  placed(sessions, "end", "log out every browser, and invalidate every signed address").action(
    async (options: Place) => (await verbs()).endAllSessions(options),
  );
}

function placed(parent: Command, name: string, description: string): Command {
  return parent
    .command(name)
    .description(description)
    .option("--settings <folder>", "the server's settings folder (default: settings)")
    .option("--config <file>", "the server's configuration, which may name that folder");
}

function role(description: string): Option {
  return new Option("--role <role>", description).choices(ROLES).makeOptionMandatory();
}

function positiveNumber(text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) > 0) return Number(text);
  throw new InvalidArgumentError("It must be a number of days from 1.");
}
