import { h } from "./dom.js";

const SHOWN = 12;

/** What is shown, by what it shows: an element that is made anew would load its picture again. */
let items = new Map();

/** Shows the newest recordings of all Things. */
export function showRecordings(section, files) {
  const videos = files.filter(({ type }) => type !== "application/json"); // manifests
  const newest = videos.slice(0, SHOWN).map((file) => [JSON.stringify(file), file]);
  const isShown = newest.length === items.size && newest.every(([key]) => items.has(key));
  if (isShown) return;
  items = new Map(newest.map(([key, file]) => [key, items.get(key) ?? itemOf(file)]));
  section.hidden = newest.length === 0;
  const more = videos.length - newest.length;
  section.replaceChildren(
    h("h2", {}, "Recordings"),
    h("ul", {}, [...items.values()]),
    ...(more > 0 ? [h("p", {}, h("a", { href: "recordings" }, `and ${more} more`))] : []),
  );
}

function itemOf({
  name,
  href,
  parts = {},
  growing,
  size,
  frames,
  duration,
  dropped,
  left_out: leftOut,
  started,
  created,
  type,
  exports = [],
}) {
  const poster = parts.poster && !growing;
  const lengths = [
    duration !== undefined && lengthOf(duration),
    frames !== undefined && type !== "image/jpeg" && `${frames} frames`,
    leftOut > 0 && `${leftOut} left out on purpose`,
    sizeOf(size),
  ];
  return h(
    "li",
    { class: growing ? "growing" : "" },
    h(
      "a",
      { class: "poster", href, download: name, title: `Download ${name}` },
      poster
        ? h("img", { src: parts.poster, alt: "", loading: "lazy" })
        : h("span", {}, growing ? "recording" : ""),
    ),
    h("a", { class: "name", href, download: name }, name),
    h("time", { datetime: started ?? created }, timeOf(started ?? created)),
    h("span", {}, lengths.filter(Boolean).join(" · ")),
    dropped > 0 &&
      parts["ledger.csv"] &&
      h("a", { class: "lost", href: parts["ledger.csv"] }, `${dropped} frames lost: why`),
    ...exports.map(exportOf),
  );
}

/** State of an export: `MP4 is being exported`, or why it failed. */
function exportOf({ format, state, reason }) {
  const name = format.toUpperCase();
  if (state === "failed") return h("span", { class: "failed" }, `No ${name}: ${reason}`);
  return h(
    "span",
    {},
    state === "running" ? `${name} is being exported` : `${name} is waiting to be exported`,
  );
}

function timeOf(text) {
  return new Date(text).toLocaleString([], { dateStyle: "medium", timeStyle: "medium" });
}

/** `2:05 min`, `12.3 s` */
function lengthOf(seconds) {
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)}:${String(whole % 60).padStart(2, "0")} min`;
}

function sizeOf(bytes) {
  if (bytes < 1e6) return `${Math.max(1, Math.round(bytes / 1e3))} kB`;
  return bytes < 1e9 ? `${(bytes / 1e6).toFixed(1)} MB` : `${(bytes / 1e9).toFixed(2)} GB`;
}
