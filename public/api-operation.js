import { answerTo } from "./api-answer.js";
import { exampleOf, schemaTree } from "./api-schema.js";
import { h, setText } from "./dom.js";

/** All about one operation: what it takes and gives, as a command, and to be tried. */
export function bodyOf(operation, document) {
  const { description, parameters, requestBody, responses } = operation;
  const request = firstContent(requestBody);
  const [status, response] = Object.entries(responses)[0];
  const answer = firstContent(response);
  return h(
    "div",
    { class: "body" },
    h(
      "p",
      { class: "facts" },
      h("span", { class: "role", title: "Which role may do this" }, operation["x-role"]),
      description && h("span", {}, description),
    ),
    h(
      "div",
      { class: "halves" },
      h(
        "div",
        {},
        parameters.length > 0 && [
          h("h3", {}, "Parameters"),
          parameters.map((one) => parameterLine(one, document)),
        ],
        request && [h("h3", {}, "Body"), schemaTree(request.schema, document)],
        h("h3", {}, `Answer ${status}`),
        answer && h("p", { class: "media" }, h("code", {}, answer.type)),
        answer?.schema &&
          Object.keys(answer.schema).length > 0 &&
          schemaTree(answer.schema, document),
      ),
      tryOf(operation, { request, answer }, document),
    ),
  );
}

function firstContent(holder) {
  const [entry] = Object.entries(holder?.content ?? {});
  return entry && { type: entry[0], schema: entry[1].schema };
}

function parameterLine({ name, description, required, schema }, document) {
  return schemaTree({ ...schema, description }, document, { name, required });
}

/** The fields to fill in, the command that follows from them, and what the server answers. */
function tryOf(operation, { request, answer }, document) {
  const { method, path, parameters } = operation;
  const contentType = answer?.type ?? "";
  const fields = parameters.map((parameter) => ({
    parameter,
    input: h("input", {
      "aria-label": parameter.name,
      placeholder: parameter.required ? "" : "not sent",
      autocomplete: "off",
      spellcheck: "false",
    }),
  }));
  const editor = request && editorFor(exampleOf(request.schema, document));
  const command = h("pre", { class: "curl" });
  const send = h("button", { type: "submit" }, "Send");
  const result = h("div", { class: "result", "aria-live": "polite" });

  const asked = () => requestOf({ method, path, fields, body: editor?.value });
  const update = () => {
    const { isComplete, ...wanted } = asked();
    setText(command, curlOf({ ...wanted, contentType }));
    send.disabled = !isComplete;
  };
  const form = h(
    "form",
    { class: "try" },
    fields.map(({ parameter, input }) => h("label", {}, h("code", {}, parameter.name), input)),
    editor && h("label", { class: "wide" }, h("code", {}, "body"), editor),
    h("div", { class: "command" }, command, copyButton(command)),
    h(
      "div",
      { class: "send" },
      send,
      method !== "get" && h("span", {}, "This acts on the instrument itself."),
    ),
    result,
  );
  form.addEventListener("input", update);
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    void answerTo(asked(), { send, result, contentType });
  });
  update();
  return form;
}

/** A small value on one line, a large one on many. */
function editorFor(value) {
  const line = JSON.stringify(value, undefined, 1).replace(/\n\s*/g, " ");
  const text = line.length < 50 ? line : JSON.stringify(value, undefined, 2);
  const rows = Math.min(14, text.split("\n").length);
  const editor = h("textarea", { "aria-label": "Body", rows, spellcheck: "false" });
  editor.value = text;
  return editor;
}

function requestOf({ method, path, fields, body }) {
  let filled = path;
  const query = new URLSearchParams();
  let isComplete = true;
  for (const { parameter, input } of fields) {
    const value = input.value.trim();
    if (parameter.in === "path") {
      if (value) filled = filled.replace(`{${parameter.name}}`, encodeURIComponent(value));
      else isComplete = false;
    } else if (value) query.set(parameter.name, value);
  }
  const url = rootUrl() + filled + (query.size > 0 ? `?${query}` : "");
  return { method: method.toUpperCase(), url, body, isComplete };
}

/** Where this server begins, without a slash at the end: a proxy may have put it below another path. */
function rootUrl() {
  return new URL(document.body.dataset.openapi, location.href).href.replace(/\/openapi\.json$/, "");
}

/** For a POSIX shell. */
function curlOf({ method, url, body, contentType }) {
  const first = ["curl"];
  if (method !== "GET") first.push("-X", method);
  if (/^(text\/event-stream|multipart\/)/.test(contentType)) first.push("-N");
  first.push(quoted(url));
  if (contentType.startsWith("image/")) first.push("-o", "frame.jpg");
  if (!body?.trim()) return first.join(" ");
  return `${first.join(" ")} \\\n  -H 'Content-Type: application/json' \\\n  -d ${quoted(compact(body))}`;
}

function quoted(text) {
  return /^[\w:/.,@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}

function compact(json) {
  try {
    return JSON.stringify(JSON.parse(json));
  } catch {
    return json;
  }
}

/** Pages that are not served over HTTPS have no clipboard, off loopback: there the text is selected instead. */
function copyButton(source) {
  const button = h("button", { type: "button", class: "copy" }, "Copy");
  button.addEventListener("click", async () => {
    getSelection().selectAllChildren(source);
    const copied = await navigator.clipboard?.writeText(source.textContent).then(
      () => true,
      () => false,
    );
    setText(button, copied ? "Copied" : "Selected");
    setTimeout(() => setText(button, "Copy"), 1500);
  });
  return button;
}
