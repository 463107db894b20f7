import { h, setText } from "./dom.js";

// Pictures that are fetched one by one, never streamed: a browser opens six connections to a server, and those who
// watch a stream in another tab need some.

const AT_ONCE = 2;
const EVERY_MS = 2000;
const OLD_MS = 6000;
const GIVE_UP_MS = 8000;
/** Pixels. Few sizes, so that viewers share them. */
const WIDTHS = [320, 480, 640, 960];

const waiting = [];
let running = 0;

/** Does the work when fewer than two others are done. */
function queued(work) {
  return new Promise((resolve) => {
    waiting.push(() => work().then(resolve, resolve));
    next();
  });
}

function next() {
  if (running >= AT_ONCE) return;
  const work = waiting.shift();
  if (!work) return;
  running += 1;
  void work().finally(() => {
    running -= 1;
    next();
  });
}

/** A small picture of a stream that is renewed while it can be seen, says how old it is, and why there is none. */
export function snapshotOf(stream) {
  const image = h("img", { alt: "", hidden: true });
  const note = h("span", { class: "note" }, "Waiting for a picture");
  const age = h("span", { class: "age", hidden: true });
  const element = h("a", { class: "picture", href: `${stream}/viewer` }, image, note, age);
  let capturedAt;
  let reason = "";
  let isSeen = false;
  let timer;

  const renew = async () => {
    clearTimeout(timer);
    if (isSeen && !document.hidden) {
      await queued(async () => {
        try {
          const picture = await fetchSnapshot(stream, widthFor(element));
          URL.revokeObjectURL(image.src);
          image.src = picture.url;
          capturedAt = performance.now() - picture.ageMs;
          reason = "";
        } catch (error) {
          reason = error instanceof TypeError ? "The server does not answer." : error.message;
        }
        render();
      });
    }
    timer = setTimeout(renew, EVERY_MS);
  };
  const render = () => {
    const ageMs =
      capturedAt === undefined ? Number.POSITIVE_INFINITY : performance.now() - capturedAt;
    const isOld = ageMs > OLD_MS;
    image.hidden = capturedAt === undefined;
    element.classList.toggle("old", isOld);
    note.hidden = !isOld;
    setText(
      note,
      reason || (capturedAt === undefined ? "Waiting for a picture" : "No new picture"),
    );
    age.hidden = capturedAt === undefined;
    setText(age, isOld ? `STALE ${toAge(ageMs)}` : `${toAge(ageMs)} old`);
  };
  new IntersectionObserver(([entry]) => {
    isSeen = entry.isIntersecting;
    if (isSeen) void renew();
  }).observe(element);
  document.addEventListener("visibilitychange", () => void renew());
  setInterval(render, 500);
  return element;
}

function widthFor({ clientWidth }) {
  const wanted = clientWidth * Math.min(devicePixelRatio, 2);
  return WIDTHS.find((width) => width >= wanted) ?? WIDTHS.at(-1);
}

async function fetchSnapshot(stream, width) {
  const response = await fetch(`${stream}/snapshot?width=${width}&wait=3`, {
    signal: AbortSignal.timeout(GIVE_UP_MS),
  });
  if (!response.ok) {
    const { code, detail } = await response.json();
    throw new Error(code === "NO_FRAME" ? "No frames" : detail); // why, the card says
  }
  const ageMs = 1000 * Number(response.headers.get("X-Frame-Age") ?? 0);
  return { url: URL.createObjectURL(await response.blob()), ageMs };
}

function toAge(ms) {
  if (ms < 60_000) return `${Math.floor(ms / 1000)} s`;
  return ms < 3_600_000 ? `${Math.floor(ms / 60_000)} min` : `${Math.floor(ms / 3_600_000)} h`;
}
