import { sentenceOf } from "./sentence-of.ts";

type Role = "none" | "push" | "view" | "operate" | "admin";

/** Links that log one browser in, at each address of the server. */
export interface LoginLinks {
  readonly links: readonly { readonly url: string; readonly qr: string }[];
  /** RFC 3339. */
  readonly expires: string;
  /** Whether only browsers of the server's computer reach it. */
  readonly local: boolean;
}

/** A browser that is logged in. */
export interface Session {
  readonly id: string;
  readonly name: string;
  readonly role: string;
  /** RFC 3339. */
  readonly used: string;
  /** Whether it is this one. */
  readonly current: boolean;
}

export interface SignedAddress {
  readonly url: string;
  /** RFC 3339. */
  readonly expires: string;
}

/** A token of a program. */
export interface Token {
  readonly name: string;
  readonly role: string;
  /** RFC 3339. */
  readonly expires: string;
}

const RETRY_MS = 2000;

/** Who uses this page. It dispatches `change` when that is known. */
class Account extends EventTarget {
  /** Undefined until the server has told, and where nobody has to log in. */
  name: string | undefined;
  /** What that account may do: everything, until the server has told otherwise. */
  role: Role = "admin";
  /** Whether there is anything to log out of. */
  hasLogin = false;
  #asked: Promise<void> | undefined;
  #retry: ReturnType<typeof setTimeout> | undefined;
  /** Where the login page says that somebody has logged in, in this browser. */
  #logins: BroadcastChannel | undefined;

  /** Asks the server, once. */
  ask(): Promise<void> {
    this.#asked ??= this.#ask();
    return this.#asked;
  }

  /** Another tab may have logged in somebody else since: the page of the one is not for the other. */
  async again(): Promise<void> {
    if (!this.#asked || !this.hasLogin) return;
    clearTimeout(this.#retry);
    const who = await send("login/who").then(
      (response) => response.json(),
      () => undefined, // a session that ends takes its connections with it
    );
    if (!who) this.#retry = setTimeout(() => void this.again(), RETRY_MS);
    else if (who.role !== this.role || (who.name ?? undefined) !== this.name) location.reload();
  }

  /** @throws {Error} in a sentence, as the others. */
  async logOut(): Promise<void> {
    await send("logout", { method: "POST" });
  }

  /** A link that gives a role, for an admin. */
  async newLinks(role: string): Promise<LoginLinks> {
    const headers = { "Content-Type": "application/json" };
    const body = JSON.stringify({ role });
    return (await send("login/links", { method: "POST", headers, body })).json();
  }

  /** An address of a stream's pictures that needs no login, and until when. */
  async sign(url: string, days: number): Promise<SignedAddress> {
    const headers = { "Content-Type": "application/json" };
    const { pathname: path } = new URL(url, document.baseURI);
    const body = JSON.stringify({ path, seconds: days * 24 * 3600 });
    return (await send("signed_urls", { method: "POST", headers, body })).json();
  }

  async sessions(): Promise<readonly Session[]> {
    return (await send("login/sessions")).json();
  }

  async endSession(id: string): Promise<void> {
    await send(`login/sessions/${encodeURIComponent(id)}`, { method: "DELETE" });
  }

  async tokens(): Promise<readonly Token[]> {
    return (await send("login/tokens")).json();
  }

  async #ask(): Promise<void> {
    try {
      const { name, role, login } = await (await send("login/who")).json();
      this.name = name ?? undefined;
      this.role = role;
      this.hasLogin = login === true;
      if (this.hasLogin) this.#hearLogins();
      this.dispatchEvent(new Event("change"));
    } catch {
      this.#asked = undefined; // the server is gone: the next to ask asks again
    }
  }

  #hearLogins(): void {
    this.#logins ??= new BroadcastChannel(new URL("login", document.baseURI).pathname);
    this.#logins.onmessage = () => void this.again();
  }
}

export const account = new Account();

/** Whether the account of this page may write properties, and run and cancel actions. */
export function mayOperate(): boolean {
  return account.role === "operate" || account.role === "admin";
}

/** Why a control is disabled, to be shown with it; undefined where it is not. */
export function whyNotOperate(): string | undefined {
  if (mayOperate()) return undefined;
  return `'${account.name}' has the role ${account.role}, which changes nothing. Log in with the role operate.`;
}

async function send(path: string, request: RequestInit = {}): Promise<Response> {
  const signal = AbortSignal.timeout(8000);
  const response = await fetch(new URL(path, document.baseURI), { ...request, signal }).catch(
    (error) => {
      throw new Error(sentenceOf(error));
    },
  );
  if (!response.ok) throw new Error(String(Object(await response.json()).detail));
  return response;
}
