type Role = "none" | "push" | "view" | "operate" | "admin";

/** Who uses this page. It dispatches `change` when that is known, and when it is another. */
class Account extends EventTarget {
  /** Undefined until the server has told, and where nobody has to log in. */
  name: string | undefined;
  /** What that account may do: everything, until the server has told otherwise. */
  role: Role = "admin";
  /** Whether there is anything to log out of. */
  hasLogin = false;
  #asked: Promise<void> | undefined;

  /** Asks the server, once. */
  ask(): Promise<void> {
    this.#asked ??= this.#ask();
    return this.#asked;
  }

  async #ask(): Promise<void> {
    try {
      const response = await fetch("login/who", { signal: AbortSignal.timeout(8000) });
      const { name, role, login } = await response.json();
      if (!response.ok) return;
      this.name = name ?? undefined;
      this.role = role;
      this.hasLogin = login === true;
      this.dispatchEvent(new Event("change"));
    } catch {
      this.#asked = undefined; // the server is gone: it is asked again by whoever needs it next
    }
  }
}

export const account = new Account();

/** Whether whoever uses this page may write properties, and run and cancel actions. */
export function mayOperate(): boolean {
  return account.role === "operate" || account.role === "admin";
}

/** Why a control is disabled, to be shown with it; undefined where it is not. */
export function whyNotOperate(): string | undefined {
  if (mayOperate()) return undefined;
  return `'${account.name}' has the role ${account.role}: it may look, and change nothing. Log in with the role operate.`;
}
