// Exchanges a code, a token or a password for a cookie that no script can read. The code comes in the address' fragment,
// which browsers keep to themselves, and leaves the address at once.

const id = (name) => document.getElementById(name);
const loginUrl = document.body.dataset.login;
const form = id("form");
const way = () => form.elements.way.value;

/** To what was asked for: this page stands at any address that needs a login, and at one of its own. */
function redirect() {
  const to = new URLSearchParams(location.search).get("to");
  const home = loginUrl.replace(/login$/, "");
  const target = new URL(
    location.pathname === loginUrl ? (to ?? home) : location.href,
    location.href,
  );
  target.hash = "";
  // A navigation that a page of this server begins brings the cookie along; one that was followed here may not.
  location.replace(target.origin === location.origin ? target.href : home);
}

function showMessage(state, message) {
  document.body.dataset.state = state;
  id("message").hidden = !message;
  id("message").textContent = message;
  form.hidden = state === "entering";
}

/** @returns Whether the server accepted the credentials. */
async function login(credentials) {
  try {
    const response = await fetch(loginUrl, {
      method: "POST",
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify(credentials),
    });
    if (response.ok) return true;
    const problem = await response.json();
    showMessage("wrong", problem.detail);
  } catch {
    showMessage("wrong", "The server does not answer. Is it still running?");
  }
  return false;
}

async function loginByForm(event) {
  event.preventDefault();
  const credentials =
    way() === "token"
      ? { token: id("token").value.trim() }
      : { user: id("user").value.trim(), password: id("password").value };
  const empty = Object.entries(credentials).find(([, value]) => value === "");
  if (empty) {
    showMessage("wrong", `Enter the ${empty[0] === "user" ? "name" : empty[0]}.`);
    id(empty[0]).focus();
    return;
  }
  id("enter").disabled = true;
  const isIn = await login(credentials);
  id("enter").disabled = false;
  if (isIn) redirect();
  else id(way() === "token" ? "token" : "password").select();
}

function showWay() {
  for (const fields of document.querySelectorAll(".fields")) {
    fields.hidden = fields.dataset.way !== way();
  }
}

/** A link from another site comes without the cookie, though there is one. */
async function isInAlready() {
  const response = await fetch(`${loginUrl}/who`).catch(() => undefined);
  return response?.ok === true && (await response.json()).role !== "none";
}

async function begin() {
  id("host").textContent = `to ${location.host}`;
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
  id("token").focus();
}

form.addEventListener("submit", loginByForm);
form.addEventListener("change", showWay);
await begin();
