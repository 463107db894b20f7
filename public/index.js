import { h, setText } from "./dom.js";
import { snapshotOf } from "./snapshots.js";

const HEALTH_MS = 3000;

const id = (name) => document.getElementById(name);
const cards = new Map();
let toldBefore = new Set();

setText(id("host"), location.host);
void start();

/** Shows what each Thing is, as soon as the server tells; then how it does, again and again. */
async function start() {
  let hasRecordings = false;
  for (;;) {
    try {
      const descriptions = await fetchJson("thing_descriptions/");
      show(descriptions);
      hasRecordings = Object.values(descriptions).some(keepsRecordings);
      break;
    } catch (error) {
      lost(error);
      await pause(HEALTH_MS);
    }
  }
  for (;;) {
    if (!document.hidden) await fetchJson(document.body.dataset.health).then(showHealth, lost);
    if (!document.hidden && hasRecordings) {
      await fetchJson("recordings").then(tellRecordings, lost);
    }
    await pause(HEALTH_MS);
  }
}

async function fetchJson(url) {
  const response = await fetch(url, { signal: AbortSignal.timeout(8000) });
  if (response.status === 401) location.reload(); // shows where to log in
  const body = await response.json();
  if (!response.ok) throw new Error(body.detail);
  return body;
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function show(descriptions) {
  const hasLogin = Object.values(descriptions).some(({ security }) => security === "basic");
  if (hasLogin) document.querySelector(".top nav").append(logoutButton());
  for (const [name, td] of Object.entries(descriptions)) {
    const streams = streamsOf(td);
    const card = cardOf(name, td, streams);
    cards.set(name, card);
    id(streams.length > 0 ? "cameras" : "others").append(card.element);
  }
}

function keepsRecordings({ properties = {}, events = {} }) {
  return "recordings" in properties && "recording_finished" in events;
}

async function tellRecordings(files) {
  const { showRecordings } = await import("./recordings.js"); // few servers record
  showRecordings(id("recordings"), files);
}

function logoutButton() {
  const button = h("button", { class: "logout", type: "button" }, "Log out");
  button.addEventListener("click", async () => {
    await fetch("logout", { method: "POST" }).catch(lost);
    location.reload();
  });
  return button;
}

/** A stream has a page that shows it, and the description says where. */
function streamsOf({ links = [] }) {
  return links
    .filter(
      ({ rel, type, href }) =>
        rel === "alternate" && type === "text/html" && href.endsWith("/viewer"),
    )
    .map(({ href }) => href.slice(0, -"/viewer".length));
}

function cardOf(name, td, streams) {
  const word = h("span", { class: "word" });
  const reason = h("p", { class: "reason", hidden: true });
  const rate = h("span", { class: "rate" });
  const picture = streams.length > 0 ? snapshotOf(streams[0]) : undefined;
  const element = h(
    "article",
    { class: "card", data: { state: "opening" } },
    picture,
    h(
      "div",
      { class: "about" },
      h("header", {}, h("span", { class: "lamp" }), h("h2", {}, name), word, rate),
      td.title && !isSame(td.title, name) && h("p", { class: "title" }, td.title),
      reason,
      td.description && h("p", { class: "description" }, td.description),
      h("p", { class: "counts" }, countsOf(td)),
      h(
        "nav",
        { "aria-label": name },
        streams.map((stream, n) =>
          h(
            "a",
            { class: n === 0 ? "button first" : "button", href: `${stream}/viewer` },
            n === 0 ? "Watch" : nameOf(stream),
          ),
        ),
        h("a", { class: "button", href: `docs#${encodeURIComponent(name)}` }, "API"),
        h("a", { class: "button", href: `${name}/` }, "Description"),
      ),
    ),
  );
  return { element, word, reason, rate, streams };
}

function isSame(title, name) {
  return title.toLowerCase() === name.replaceAll("_", " ").toLowerCase();
}

function nameOf(stream) {
  const name = decodeURIComponent(stream.split("/").at(-1));
  return name.replace(/_mjpeg_stream$/, "").replaceAll("_", " ");
}

function countsOf({ properties = {}, actions = {}, events = {} }) {
  const counts = [
    [properties, "property", "properties"],
    [actions, "action", "actions"],
    [events, "event", "events"],
  ].map(([map, one, many]) => {
    const count = Object.keys(map).length;
    return count > 0 && `${count} ${count === 1 ? one : many}`;
  });
  return counts.filter(Boolean).join(" · ");
}

const FAULTS = new Set(["stalled", "failed", "disconnected"]);
/** What the lamp of a card shows as well. */
const GOOD = new Set(["open", "streaming", "idle"]);

/** A sentence without its numbers, which change from one time to the next. */
function stemOf(text) {
  return text.replace(/[\d.]+/g, "");
}

function showHealth({ reasons, things }) {
  if (!things) return location.reload(); // the login has ended, and strangers are told less
  document.body.classList.remove("lost");
  for (const [name, card] of cards) showState(card, things[name] ?? {});
  // What a card says of its Thing need not be said twice.
  const said = Object.values(things).flatMap(({ reason }) => (reason ? [reason] : []));
  const others = reasons.filter((text) => !said.some((reason) => text.includes(reason)));
  // A camera that this page has just woken has no frame yet: a fault is one that lasts.
  const lasting = others.filter((text) => toldBefore.has(stemOf(text)));
  toldBefore = new Set(others.map(stemOf));
  id("faults").hidden = lasting.length === 0;
  id("faults").replaceChildren(...lasting.map((text) => h("li", {}, text)));
  const states = Object.values(things).map(({ state }) => state);
  const isWell = lasting.length === 0 && states.every((state) => state === "open");
  tell(isWell ? "ok" : "degraded", summaryOf(states));
}

/** A Thing's own state; of one that is open and has a stream, what its source does. */
function showState({ element, word, reason, rate, streams }, thing) {
  const { state = "closed", reason: why, streams: health = {} } = thing;
  const main = health[decodeURIComponent(streams[0]?.split("/").at(-1) ?? "")];
  const shown = state === "open" && main ? main.state : state;
  element.dataset.state = GOOD.has(shown) ? "open" : shown;
  setText(word, shown === "failed" && main?.state !== shown ? "could not open" : shown);
  setText(reason, why ?? "");
  reason.hidden = !why;
  const isRunning = shown === "streaming" && main?.running && main.rate > 0;
  setText(rate, isRunning ? `${main.rate.toFixed(main.rate < 10 ? 1 : 0)} fps` : "");
}

function summaryOf(states) {
  const all = states.length;
  const faulty = states.filter((state) => FAULTS.has(state)).length;
  const open = states.filter((state) => state === "open").length;
  if (all === 0) return "There are no Things here. Name some in the configuration.";
  if (open === all) return all === 1 ? "The Thing here is open" : `All ${all} Things are open`;
  const trouble = faulty > 0 ? `, ${faulty} ${faulty === 1 ? "has" : "have"} a problem` : "";
  return `${open} of ${all} Things ${open === 1 ? "is" : "are"} open${trouble}`;
}

function lost(error) {
  document.body.classList.add("lost");
  const text = error instanceof TypeError || error.name === "TimeoutError";
  tell("lost", text ? "The server does not answer. Trying again" : error.message);
}

function tell(state, text) {
  id("summary").dataset.state = state;
  setText(id("summary-text"), text);
}
