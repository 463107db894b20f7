// What an OpenAPI document says of its operations, and the requests that follow from it: no elements.

export interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly description?: string;
  readonly schema?: object;
}

/** What is sent, or answered: JSON first, if that is among the types. */
export interface Content {
  readonly type: string;
  readonly schema?: unknown;
  /** All types. */
  readonly types: readonly string[];
}

/** One method of one path. */
export interface Operation {
  readonly id: string;
  /** In capitals. */
  readonly method: string;
  readonly path: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description: string;
  /** Who may. */
  readonly role: string;
  readonly needsLogin: boolean;
  readonly parameters: readonly Parameter[];
  readonly request: Content | undefined;
  readonly isBodyRequired: boolean;
  /** Status of success. */
  readonly status: string;
  readonly answer: Content | undefined;
}

export interface Section {
  readonly name: string;
  readonly description: string;
  readonly operations: readonly Operation[];
}

/** The sections of a document, in its order; in a Thing's, the description comes first. */
export function sectionsOf(document: object): readonly Section[] {
  const { tags, paths, security } = Object(document);
  const all = Object.entries<object>(Object(paths)).flatMap(([path, item]) =>
    Object.entries<object>(Object(item)).map(([method, it]) =>
      operationOf(path, method, it, security),
    ),
  );
  const list: readonly { name: string; description?: string }[] = Array.isArray(tags) ? tags : [];
  return list.map(({ name, description = "" }) => {
    const own = all.filter((operation) => operation.tags.includes(name));
    const isDescription = ({ path }: Operation) => path.endsWith("/");
    const operations = [...own.filter(isDescription), ...own.filter((it) => !isDescription(it))];
    return { name, description, operations };
  });
}

function operationOf(path: string, method: string, given: object, usual: unknown): Operation {
  const operation = Object(given);
  const [[status = "", response] = []] = Object.entries(Object(operation.responses));
  const { requestBody } = operation;
  const security: readonly object[] = operation.security ?? usual ?? [];
  return {
    id: String(operation.operationId),
    method: method.toUpperCase(),
    path,
    tags: operation.tags ?? [],
    summary: operation.summary ?? "",
    description: operation.description ?? "",
    role: operation["x-role"] ?? "",
    needsLogin: security.length > 0 && security.every((it) => Object.keys(it).length > 0),
    parameters: operation.parameters ?? [],
    request: contentOf(requestBody),
    isBodyRequired: requestBody?.required === true,
    status,
    answer: contentOf(response),
  };
}

function contentOf(holder: unknown): Content | undefined {
  const entries = Object.entries<{ schema?: unknown }>(Object(Object(holder).content));
  const [type, content] = entries.find(([name]) => isJson(name)) ?? entries[0] ?? [];
  if (type === undefined) return undefined;
  return { type, schema: content?.schema, types: entries.map(([name]) => name) };
}

export function isJson(type: string): boolean {
  return /^application\/([\w.-]+\+)?json\b/.test(type);
}

/** What is sent. */
export interface Request {
  readonly method: string;
  readonly url: string;
  readonly accept?: string | undefined;
  readonly contentType?: string;
  /** JSON, text, or a file. */
  readonly body?: string | Blob;
}

/** What was filled in. */
export interface Filled {
  /** By the names of parameters; undefined is not sent. */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  /** The type of the answer that is wanted, where there are several. */
  readonly accept?: string | undefined;
}

/**
 * @param root - Where the server begins, without a slash at the end.
 * @returns A request in which a path parameter that is missing stands as its name in braces.
 */
export function requestOf(operation: Operation, filled: Filled, root: string): Request {
  const { method, request } = operation;
  const query = new URLSearchParams();
  let path = operation.path;
  for (const { name, in: where } of operation.parameters) {
    const text = textOf(filled.parameters[name]);
    if (text === "") continue;
    if (where === "path") path = path.replace(`{${name}}`, encodeURIComponent(text));
    else if (where === "query") query.set(name, text);
  }
  const url = root + path + (query.size > 0 ? `?${query}` : "");
  const { body, accept } = filled;
  if (!request || body === undefined) return { method, url, accept };
  if (isJson(request.type))
    return { method, url, accept, contentType: request.type, body: JSON.stringify(body) };
  const raw = body instanceof Blob ? body : textOf(body);
  return { method, url, accept, contentType: request.type, body: raw };
}

export function isComplete({ parameters }: Operation, filled: Filled): boolean {
  return parameters.every(
    ({ name, required }) => !required || textOf(filled.parameters[name]) !== "",
  );
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  if (Array.isArray(value)) return value.map(textOf).join(",");
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}

/** The request as a command for a POSIX shell. A login is left to the shell's variable `TOKEN`. */
export function curlOf(
  { method, url, accept, contentType, body }: Request,
  { answer, needsLogin }: Operation,
): string {
  const type = accept ?? answer?.type ?? "";
  const first = ["curl"];
  if (method !== "GET") first.push("-X", method);
  if (/^(text\/event-stream|multipart\/)/.test(type)) first.push("-N");
  first.push(quoted(url));
  if (type.startsWith("image/")) first.push("-o", "picture.jpg");
  const lines = [first.join(" ")];
  if (accept !== undefined) lines.push(`-H ${quoted(`Accept: ${accept}`)}`);
  if (needsLogin) lines.push('-H "Authorization: Bearer $TOKEN"');
  if (body !== undefined) {
    lines.push(`-H ${quoted(`Content-Type: ${contentType}`)}`);
    const isFile = typeof body !== "string";
    if (isFile) lines.push(`--data-binary ${quoted(`@${"name" in body ? body.name : "file"}`)}`);
    else lines.push(`${isJson(contentType ?? "") ? "-d" : "--data-raw"} ${quoted(body)}`);
  }
  return lines.join(" \\\n  ");
}

/** For a shell: whatever is in it, it is one word, and nothing in it is run. */
function quoted(text: string): string {
  return /^[\w:/.,@%+=-]+$/.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`;
}
