import { MJPEGReader } from "./mjpeg-reader.js";
import { bytes, duration, rateOf } from "./quantities.js";
import { StreamSource, stateOf } from "./stream-source.js";

// The picture comes frame by frame, so that the page knows which one it shows. What the stream's newest frame is
// comes on a second way, the server-sent events of `sizes`: a picture that lags or stands still cannot hide it.

const STALE_MS = 2000;
const LONGEST_PAUSE_MS = 3000;
const SIZES_SHOWN = 160;

const id = (name) => document.getElementById(name);
const picture = id("picture");
const context = picture.getContext("2d", { alpha: false });
const base = new URL(document.body.dataset.stream, document.baseURI);
const streamUrl = base.href.replace(/\/$/, "");
const source = new StreamSource(streamUrl);
const [streamName, thingName] = streamUrl.split("/").map(decodeURIComponent).reverse();

/** The frame on the canvas: index, run, capturedAt, jpeg. */
let shown;
/** The newest frame that the server has told of: index, run, capturedAt, size, and `at`, when it told. */
let newest;
/** Whether what is on the canvas stands for frames, and says why there are none. */
let isEmpty = false;
/** Why there is no connection, while there is none. */
let lostBecause;
/** Reads the stream, or tries to. */
let reader;
let leave = new AbortController();
let wake = () => {};
let hearAnew = () => {};
let painting = Promise.resolve();
const painted = [];
const told = [];

document.title = `${thingName} ${streamName}`;
id("name").replaceChildren(thingName, " ", small(streamName));
void watch();
listen();
setInterval(render, 100);
id("retry").addEventListener("click", () => source.retry().then(wake));
document.addEventListener("visibilitychange", () => (document.hidden ? leave.abort() : wake()));
id("save").addEventListener("click", save);
id("full").addEventListener("click", toggleFull);
picture.addEventListener("dblclick", toggleFull);
document.addEventListener("keydown", ({ key, ctrlKey, metaKey }) => {
  if (ctrlKey || metaKey) return;
  if (key === "f") toggleFull();
  if (key === "s" && shown) save();
});

/** Shows the stream for as long as the page is visible, and comes back whenever it is lost. */
async function watch() {
  for (let failures = 0; ; ) {
    if (document.hidden) await pause(3_600_000);
    leave = new AbortController();
    const { signal } = leave;
    const onPlaceholder = (reason, jpeg) => void show({ jpeg, reason });
    try {
      reader = new MJPEGReader(streamUrl, { signal, onPlaceholder });
      for await (const frame of reader) {
        failures = 0;
        await show(frame);
      }
      if (signal.aborted) continue;
      throw new Error("The stream ended.");
    } catch (error) {
      reader = undefined;
      if (error.status === 401) location.reload(); // shows where to log in
      const isGone = error.code === "UNREACHABLE";
      lostBecause = isGone ? "The server does not answer." : error.message;
      hearAnew();
      await pause(Math.min(LONGEST_PAUSE_MS, 500 * 2 ** failures++));
    }
  }
}

function pause(ms) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    wake = () => {
      clearTimeout(timer);
      resolve();
    };
  });
}

/** Paints a picture when the one before is painted. Meanwhile the reader passes over frames that newer ones follow. */
function show(sent) {
  lostBecause = undefined;
  painting = painting.then(() => paint(sent));
  return painting;
}

/** @param sent A frame, or a `jpeg` that stands for frames with the `reason` why there are none. */
async function paint({ jpeg, reason, run, index, capturedAt }) {
  const bitmap = await createImageBitmap(new Blob([jpeg], { type: "image/jpeg" })).catch(() => {});
  if (!bitmap) return; // its picture data is broken: the frame before it stays
  if (picture.width !== bitmap.width || picture.height !== bitmap.height) {
    picture.width = bitmap.width;
    picture.height = bitmap.height;
  }
  picture.hidden = false;
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  source.tell(reason);
  isEmpty = reason !== undefined;
  if (isEmpty) return;
  shown = { run, index, capturedAt, jpeg };
  keepRecent(painted, performance.now());
  clock.note(capturedAt);
}

/** Hears of every frame's index, time and size, also of those that the picture skips. */
function listen() {
  let events;
  const connect = () => {
    if (document.hidden || (events && events.readyState !== EventSource.CLOSED)) return;
    events = new EventSource(new URL("sizes", base));
    for (const name of ["frame", `${streamName}_new_frame`]) events.addEventListener(name, tell);
  };
  const tell = ({ data }) => {
    const entry = JSON.parse(data);
    if (entry.run !== newest?.run) told.length = 0;
    newest = { ...entry, at: performance.now() };
    if (Math.abs(newest.capturedAt - told.at(-1)) > 60_000) told.length = 0; // the server's clock was set
    keepRecent(told, newest.capturedAt);
    sizes.push(newest.size);
    if (sizes.length > SIZES_SHOWN) sizes.shift();
  };
  hearAnew = () => {
    events?.close();
    connect();
  };
  document.addEventListener("visibilitychange", () => {
    if (document.hidden) events?.close();
    else connect();
  });
  setInterval(connect, 3000);
  connect();
}

const sizes = [];

/** The server's clock as seen from here: equal to ours, or off by what the quickest frame seemed to take. */
const clock = {
  quickest: Number.POSITIVE_INFINITY,
  note(capturedAt) {
    const took = steadyNow() - capturedAt;
    // One that seems to have been on its way for this long was stamped after the server's clock was set back.
    const wasSetBack = took > this.quickest + 10_000;
    this.quickest = wasSetBack ? took : Math.min(this.quickest, took);
  },
  ageOf(capturedAt) {
    const sameClock = this.quickest >= 0 && this.quickest < 1500;
    return Math.max(0, steadyNow() - capturedAt - (sameClock ? 0 : this.quickest));
  },
};

/** Epoch ms, as the clock of this computer was set when the page was opened: it does not step. */
function steadyNow() {
  return performance.timeOrigin + performance.now();
}

function render() {
  if (reader?.stats.connections > 0) lostBecause = undefined; // a camera may give no frame for hours
  const age = shown && clock.ageOf(shown.capturedAt);
  const hz = rateOf(told);
  const isStale = age !== undefined && age > Math.max(STALE_MS, hz ? 2500 / hz : 0);
  const isLost = lostBecause !== undefined;
  const state = stateOf({ isLost, source, shows: isEmpty ? "reason" : shown && "frame", isStale });
  document.body.dataset.state = state;
  id("state").textContent = WORDS[state];
  showBanner(state, age);
  id("age").textContent = age === undefined ? "–" : duration(age);
  id("rate").textContent = state === "streaming" ? rateText(hz, rateOf(painted)) : "–";
  id("index").textContent = shown ? indexText() : "–";
  id("index").title = shown ? `Run ${shown.run}` : "";
  id("pixels").textContent = shown ? `${picture.width} × ${picture.height}` : "–";
  id("size").textContent = newest ? bytes(newest.size) : "–";
  id("save").disabled = !shown;
  drawSizes();
}

const WORDS = {
  connecting: "Connecting",
  opening: "Opening",
  streaming: "Live",
  stale: "Stale",
  stalled: "Stalled",
  disconnected: "Disconnected",
  failed: "Failed",
  lost: "Not connected",
};

function showBanner(state, age) {
  const [word, text, more = ""] = bannerOf(state, age);
  id("banner").hidden = !word;
  setText(id("banner-word"), word);
  setText(id("banner-text"), text);
  setText(id("banner-more"), more);
  id("retry").hidden = !source.isFaulty || state === "streaming" || state === "lost";
  id("retry").disabled = source.isRetrying;
  setText(id("retry"), source.isRetrying ? "Trying" : "Retry now");
}

function bannerOf(state, age) {
  const old = age === undefined ? "" : `STALE ${duration(age)}`;
  if (state === "stale") {
    const isBehind = newest && performance.now() - newest.at < STALE_MS;
    return [
      old,
      isBehind
        ? "Newer frames exist, but they arrive here late."
        : (source.reason ?? "No newer frame has arrived."),
    ];
  }
  if (state === "lost") return [old || "NOT CONNECTED", `${lostBecause} This page keeps trying.`];
  if (state === "connecting") return ["CONNECTING", "Waiting for the first frame."];
  if (state === "opening") return ["OPENING", "The camera is opening."];
  if (state === "stalled") return ["FRAMES STOPPED", source.reason, lastFrame(age)];
  if (state === "disconnected") return ["DISCONNECTED", source.reason, lastFrame(age)];
  if (state === "failed") return ["NO FRAMES", source.reason, lastFrame(age)];
  return ["", ""];
}

function lastFrame(age) {
  const last = age === undefined ? "" : `The last frame came ${duration(age)} ago. `;
  return `${last}The server keeps trying.`;
}

function setText(element, text) {
  if (element.textContent !== text) element.textContent = text;
}

function indexText() {
  const behind = newest?.run === shown.run ? newest.index - shown.index : 0;
  return behind >= 5 ? `${shown.index} (−${behind})` : String(shown.index);
}

function rateText(source, here) {
  if (!source) return "–";
  const all = `${source.toFixed(source < 10 ? 1 : 0)} fps`;
  return here < 0.8 * source ? `${here.toFixed(here < 10 ? 1 : 0)} of ${all}` : all;
}

function keepRecent(times, time) {
  times.push(time);
  while (times.length > 1000) times.shift();
}

function drawSizes() {
  const graph = id("sizes");
  const width = graph.clientWidth * devicePixelRatio;
  const height = graph.clientHeight * devicePixelRatio;
  graph.width = width;
  graph.height = height;
  if (sizes.length < 2) return;
  const low = Math.min(...sizes);
  const span = Math.max(...sizes) - low || 1;
  const pen = graph.getContext("2d");
  pen.lineWidth = 1.5 * devicePixelRatio;
  pen.lineJoin = "round";
  pen.strokeStyle = getComputedStyle(document.body).getPropertyValue("--accent");
  pen.beginPath();
  for (const [n, size] of sizes.entries()) {
    const x = (width * (n + SIZES_SHOWN - sizes.length)) / (SIZES_SHOWN - 1);
    const y = height - 2 - ((height - 4) * (size - low)) / span;
    pen.lineTo(x, y);
  }
  pen.stroke();
}

/** Saves exactly the frame that is shown, named by its identity. */
function save() {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(new Blob([shown.jpeg], { type: "image/jpeg" }));
  link.download = `${thingName}-${streamName}-${shown.run}-${shown.index}.jpg`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

function toggleFull() {
  if (document.fullscreenElement) void document.exitFullscreen();
  else void id("stage").requestFullscreen();
}

function small(text) {
  const element = document.createElement("small");
  element.textContent = text;
  return element;
}
