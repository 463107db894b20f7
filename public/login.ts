// Exchanges a code, a token or a password for a cookie that no script can read. The code comes in the address' fragment,
// which browsers keep to themselves, and leaves the address at once. It imports nothing: before a login there is nothing else.
export {};

type Way = "token" | "password";

const loginUrl = document.body.dataset.login ?? "login";
/** Other pages of this server in this browser hear here that somebody has logged in: see `things/account.ts`. */
const logins = new BroadcastChannel(new URL(loginUrl, location.href).pathname);
const form = found("form", HTMLFormElement);
const message = found("message", HTMLElement);
const enter = found("enter", HTMLButtonElement);

let isUnderway = false;

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void loginByForm();
});
form.addEventListener("change", showWay);
logins.addEventListener("message", () => void goOn());
document.addEventListener("visibilitychange", () => {
  if (!document.hidden) void goOn();
});
await begin();

async function begin(): Promise<void> {
  found("host", HTMLElement).textContent = `to ${location.host}`;
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (code) {
    history.replaceState(null, "", location.pathname + location.search);
    showMessage("entering", "Logging in with the code of the address …");
    if (await login({ code })) return redirect();
  } else if (await isInAlready()) {
    return redirect();
  }
  showWay();
  form.hidden = false;
  input("token").focus();
}

async function loginByForm(): Promise<void> {
  const credentials: Record<string, string> =
    way() === "token"
      ? { token: input("token").value.trim() }
      : { user: input("user").value.trim(), password: input("password").value };
  const empty = Object.keys(credentials).find((name) => credentials[name] === "");
  if (empty !== undefined) {
    showMessage("wrong", `Enter the ${empty === "user" ? "name" : empty}.`);
    input(empty).focus();
    return;
  }
  if (isUnderway) return;
  isUnderway = true;
  showMessage("waiting", "Logging in …");
  enter.ariaDisabled = "true"; // unlike one that is disabled it keeps the keyboard
  const isIn = await login(credentials);
  enter.ariaDisabled = null;
  isUnderway = false;
  if (isIn) return redirect();
  input(way()).focus();
  input(way()).select();
}

/** Whether the server accepted the credentials; if not, why is shown. */
async function login(credentials: Readonly<Record<string, string>>): Promise<boolean> {
  try {
    const response = await fetch(loginUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(credentials),
      signal: AbortSignal.timeout(30_000),
    });
    if (response.ok) {
      allowReload();
      logins.postMessage("in");
      return true;
    }
    showMessage("wrong", String(Object(await response.json()).detail));
  } catch {
    showMessage("wrong", "The server does not answer. Is it still running?");
  }
  return false;
}

/** Somebody may have logged in beside this page, which waits with its form. */
async function goOn(): Promise<void> {
  if (!form.hidden && (await isInAlready())) redirect();
}

/** When this login ends, the page is loaded again at once, however long ago it was for the one before: see `things/reload.ts`. */
function allowReload(): void {
  try {
    sessionStorage.removeItem("thingscope-reloaded-for-login");
  } catch {} // a browser that keeps nothing has kept nothing
}

/** A link from another site comes without the cookie, though there is one. */
async function isInAlready(): Promise<boolean> {
  const signal = AbortSignal.timeout(10_000);
  const response = await fetch(`${loginUrl}/who`, { signal }).catch(() => undefined);
  return response?.ok === true && Object(await response.json()).role !== "none";
}

/** To what was asked for: this page stands at any address that needs a login, and at one of its own. */
function redirect(): void {
  const to = new URLSearchParams(location.search).get("to");
  const home = loginUrl.replace(/login$/, "");
  const asked = location.pathname === loginUrl ? (to ?? home) : location.href;
  const target = URL.parse(asked, location.href) ?? new URL(home, location.href);
  target.hash = "";
  // A navigation that a page of this server begins brings the cookie along; one that was followed here may not.
  location.replace(target.origin === location.origin ? target.href : home);
}

function showMessage(state: "entering" | "waiting" | "wrong", text: string): void {
  document.body.dataset.state = state;
  message.hidden = text === "";
  message.textContent = text;
  form.hidden = state === "entering";
}

function showWay(): void {
  for (const fields of document.querySelectorAll<HTMLElement>(".fields")) {
    fields.hidden = fields.dataset.way !== way();
  }
}

function way(): Way {
  return new FormData(form).get("way") === "password" ? "password" : "token";
}

function input(name: string): HTMLInputElement {
  return found(name, HTMLInputElement);
}

function found<T extends HTMLElement>(id: string, kind: abstract new () => T): T {
  const element = document.getElementById(id);
  if (element instanceof kind) return element;
  throw new Error(`The login page has no '${id}'.`);
}
