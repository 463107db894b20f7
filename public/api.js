import { bodyOf } from "./api-operation.js";
import { h, setText } from "./dom.js";

const id = (name) => document.getElementById(name);

setText(id("host"), location.host);
void start();

async function start() {
  try {
    const response = await fetch(document.body.dataset.openapi);
    if (!response.ok) throw new Error((await response.json()).detail);
    show(await response.json());
  } catch (error) {
    const text = error instanceof TypeError ? "The server does not answer." : error.message;
    setText(id("state"), `${text} Load this page again.`);
  }
}

/** One row for each operation, in a section for each tag; what is in a row is made when it is opened. */
function show(document) {
  id("state").remove();
  const rows = [];
  for (const { name, description } of document.tags) {
    const operations = operationsOf(document, name);
    const section = h(
      "section",
      { id: `section:${name}`, "aria-label": name },
      h("header", {}, h("h1", {}, name), h("p", {}, description)),
      operations.map((operation) => {
        const row = rowOf(operation, document);
        rows.push({ row, words: wordsOf(operation) });
        return row;
      }),
    );
    id("sections").append(section);
    id("tags").append(
      h("a", { href: `#section:${name}` }, name, h("span", {}, String(operations.length))),
    );
  }
  id("filter").addEventListener("input", () => filter(rows));
  addEventListener("hashchange", openTarget);
  openTarget();
}

/** A Thing's description first, then as in the table of the server. */
function operationsOf({ paths }, tag) {
  const all = Object.entries(paths).flatMap(([path, item]) =>
    Object.entries(item).map(([method, operation]) => ({ path, method, ...operation })),
  );
  const own = all.filter(({ tags }) => tags.includes(tag));
  return [
    ...own.filter(({ path }) => path.endsWith("/")),
    ...own.filter(({ path }) => !path.endsWith("/")),
  ];
}

function rowOf(operation, document) {
  const { method, path, summary, operationId } = operation;
  const row = h(
    "details",
    { id: operationId, class: "operation", data: { method } },
    h(
      "summary",
      {},
      h("span", { class: "method" }, method.toUpperCase()),
      h("code", { class: "path" }, pathParts(path)),
      h("span", { class: "what" }, summary),
    ),
  );
  row.addEventListener("toggle", () => {
    if (row.open && row.children.length === 1) row.append(bodyOf(operation, document));
    if (row.open) history.replaceState(undefined, "", `#${operationId}`);
  });
  return row;
}

/** A path may be broken behind each slash, and its parameters stand out. */
function pathParts(path) {
  return path
    .split(/(?<=\/)/)
    .flatMap((part) => [part.startsWith("{") ? h("em", {}, part) : part, h("wbr")]);
}

function wordsOf({ method, path, summary, description = "" }) {
  return `${method} ${path} ${summary} ${description}`.toLowerCase();
}

function filter(rows) {
  const wanted = id("filter").value.toLowerCase().split(/\s+/).filter(Boolean);
  for (const { row, words } of rows) row.hidden = !wanted.every((word) => words.includes(word));
  for (const section of document.querySelectorAll("main section")) {
    section.hidden = !section.querySelector(".operation:not([hidden])");
  }
}

function openTarget() {
  const name = decodeURIComponent(location.hash.slice(1));
  if (!name) return;
  // No Thing can be named with a colon, so that none takes the id of a part of this page.
  const target = id(`section:${name}`) ?? document.querySelector(`.operation#${CSS.escape(name)}`);
  if (target instanceof HTMLDetailsElement) target.open = true;
  target?.scrollIntoView();
}
