import { type Static, Type } from "typebox";
import { ROLES, type Role } from "../../../core/affordances.ts";
import type { Account } from "../../http/identity.ts";
import { sha256 } from "./secrets.ts";

const RoleName = Type.Enum([...ROLES]);
const Moment = Type.String({ format: "date-time" });

/** What the file of accounts holds. Of tokens and passwords there are only hashes in it. */
export const AccountsData = Type.Object(
  {
    /** Signs addresses and names sessions: with a new one all of them end. */
    key: Type.String({ minLength: 32 }),
    users: Type.Record(
      Type.String(),
      Type.Object({
        id: Type.String({ minLength: 8 }),
        role: RoleName,
        password: Type.String({ pattern: "^scrypt(\\$\\d+){3}(\\$[\\w-]+){2}$" }),
        created: Moment,
      }),
    ),
    tokens: Type.Record(
      Type.String(),
      Type.Object({
        id: Type.String({ minLength: 8 }),
        role: RoleName,
        sha256: Type.String({ minLength: 43, maxLength: 43 }),
        created: Moment,
        expires: Moment,
      }),
    ),
  },
  { additionalProperties: false },
);

export type AccountsData = Static<typeof AccountsData>;

/** Whoever logs in with the code that the server printed: who started it. */
const OWNER: Account = { id: "owner", name: "owner", role: "admin" };
/** Whoever logs in with a code that an admin made in the page. */
const GUESTS = {
  view: { id: "guest.view", name: "guest", role: "view" },
  operate: { id: "guest.operate", name: "guest", role: "operate" },
  admin: OWNER,
} as const satisfies Record<string, Account>;

/** Whether an account is one that all share who came by a link of its role. */
export function isGuest(id: string): boolean {
  return id === GUESTS.view.id || id === GUESTS.operate.id;
}

/** Whose word counts for addresses that the server itself gives to programs of its configuration. */
const SERVER: Account = { id: "server.view", name: "server", role: "view" };

/** Roles that a login link can have. */
export type LinkRole = keyof typeof GUESTS;

/** Who may log in, at one time. */
export class Accounts {
  readonly data: AccountsData;
  readonly #byToken: ReadonlyMap<string, Account>;
  readonly #byUser: ReadonlyMap<string, Account>;
  readonly #byId: ReadonlyMap<string, Account>;

  constructor(data: AccountsData) {
    this.data = data;
    const tokens = Object.entries(data.tokens).map(([name, { sha256, ...token }]) => {
      const account = accountOf(name, token, Date.parse(token.expires));
      return [sha256, account] as const;
    });
    const users = Object.entries(data.users).map(
      ([name, user]) => [name, accountOf(name, user)] as const,
    );
    this.#byToken = new Map(tokens);
    this.#byUser = new Map(users);
    const guests = Object.values(GUESTS);
    const all = [SERVER, ...guests, ...this.#byToken.values(), ...this.#byUser.values()];
    this.#byId = new Map(all.map((account) => [account.id, account]));
  }

  /** What a browser is logged in as with a one-time code. */
  byLink(role: LinkRole): Account {
    return GUESTS[role];
  }

  /** The server itself, which shows pictures to programs of its configuration. */
  get server(): Account {
    return SERVER;
  }

  get key(): string {
    return this.data.key;
  }

  byToken(token: string, time: number): Account | undefined {
    return unexpired(this.#byToken.get(sha256(token)), time);
  }

  byUser(name: string): { account: Account; password: string } | undefined {
    const account = this.#byUser.get(name);
    return account && { account, password: this.data.users[name]!.password };
  }

  byId(id: string, time: number): Account | undefined {
    return unexpired(this.#byId.get(id), time);
  }
}

function accountOf(
  name: string,
  { id, role }: { id: string; role: Role },
  expires?: number,
): Account {
  return { id: `${id}.${role}`, name, role, ...(expires !== undefined && { expires }) };
}

function unexpired(account: Account | undefined, time: number): Account | undefined {
  return account && time < (account.expires ?? Number.POSITIVE_INFINITY) ? account : undefined;
}
