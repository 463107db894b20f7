import { h, setText } from "./dom.js";

const MOST_TEXT = 20_000;
const FOLLOW_MS = 500;
/** Of the headers these say something about the answer; the rest is the same everywhere. */
const TELLING =
  /^(allow|content-type|etag|link|location|retry-after|x-frame|x-stream|x-timestamp|x-origin)/;

/** Sends a request and shows what comes back: JSON, text, a picture, or a stream for as long as it is wanted. */
export async function answerTo({ method, url, body }, { send, result, contentType }) {
  const stop = new AbortController();
  const isStream = contentType.startsWith("text/event-stream");
  result.replaceChildren(h("p", { class: "status" }, "Waiting for the answer "), stopButton(stop));
  if (contentType.startsWith("multipart/")) {
    showStream(url, result);
    return;
  }
  send.disabled = true;
  const began = performance.now();
  try {
    const hasBody = method !== "GET" && body !== undefined && body.trim() !== "";
    const response = await fetch(url, {
      method,
      signal: stop.signal,
      ...(hasBody && { body, headers: { "Content-Type": "application/json" } }),
    });
    const status = statusLine(response, performance.now() - began);
    if (isStream && response.ok) await showEvents(response, { status, result, stop });
    else await showWhole(response, { status, result, stop });
  } catch (error) {
    const isStopped = stop.signal.aborted;
    const text = isStopped ? "Stopped." : "The server does not answer.";
    if (!isStopped || !isStream) result.replaceChildren(h("p", { class: "status bad" }, text));
    if (!(error instanceof TypeError || isStopped)) throw error;
  } finally {
    send.disabled = false;
  }
}

function stopButton(stop, word = "Stop") {
  const button = h("button", { type: "button", class: "stop" }, word);
  button.addEventListener("click", () => {
    stop.abort();
    button.remove();
  });
  return button;
}

function statusLine({ status, statusText, ok }, ms) {
  return h(
    "p",
    { class: ok ? "status good" : "status bad" },
    `${status} ${statusText}`,
    h("span", {}, `${Math.round(ms)} ms`),
  );
}

async function showWhole(response, { status, result, stop }) {
  const type = response.headers.get("content-type") ?? "";
  const parts = [status, headersOf(response)];
  if (type.startsWith("image/")) {
    const url = URL.createObjectURL(await response.blob());
    const image = h("img", { src: url, alt: "The answer" });
    image.addEventListener("load", () => URL.revokeObjectURL(url));
    parts.push(image);
  } else {
    const text = await response.text();
    if (text) parts.push(h("pre", {}, shortened(pretty(text, type))));
  }
  result.replaceChildren(...parts);
  const href = response.status === 201 && response.headers.get("location");
  if (href) await follow(href, result.querySelector("pre:not(.headers)"), { status, stop });
}

function headersOf(response) {
  const lines = [...response.headers].filter(([name]) => TELLING.test(name));
  return h(
    "pre",
    { class: "headers" },
    lines.map(([name, value]) => `${name}: ${value}`).join("\n"),
  );
}

/** An invocation goes on after the answer: shows how, until it ends. */
async function follow(href, shown, { status, stop }) {
  const button = stopButton(stop, "Stop following");
  status.append(button);
  for (;;) {
    const response = await fetch(href, { signal: stop.signal });
    const invocation = await response.json();
    setText(shown, shortened(JSON.stringify(invocation, undefined, 1)));
    if (!response.ok || !["pending", "running"].includes(invocation.status)) break;
    await new Promise((resolve) => setTimeout(resolve, FOLLOW_MS));
  }
  button.remove();
}

async function showEvents(response, { status, result, stop }) {
  const lines = h("pre", {});
  status.append(stopButton(stop));
  result.replaceChildren(status, headersOf(response), lines);
  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  for (;;) {
    const { done, value } = await reader.read();
    if (done) return;
    lines.textContent = (lines.textContent + decoder.decode(value, { stream: true })).slice(
      -MOST_TEXT,
    );
    lines.scrollTop = lines.scrollHeight;
  }
}

/** The picture of a stream, until it is stopped: an image that is merely removed would go on. */
function showStream(url, result) {
  const image = h("img", { src: url, alt: "The stream" });
  const button = h("button", { type: "button" }, "Stop");
  button.addEventListener("click", () => {
    image.src = "";
    result.replaceChildren(h("p", { class: "status" }, "Stopped."));
  });
  result.replaceChildren(image, button);
}

function pretty(text, type) {
  if (!type.includes("json")) return text;
  try {
    return JSON.stringify(JSON.parse(text), undefined, 1);
  } catch {
    return text;
  }
}

function shortened(text) {
  if (text.length <= MOST_TEXT) return text;
  return `${text.slice(0, MOST_TEXT)}\n... ${text.length - MOST_TEXT} more characters`;
}
