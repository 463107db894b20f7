import type { TSchema } from "typebox";
import { type InputFault, ThingError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import { faultsOf } from "../core/faults.ts";
import { errorsIn } from "../core/schema.ts";
import { commentHint } from "./config-syntax.ts";
import type { ConfigPath } from "./config-text.ts";

/** One thing that is wrong with a configuration, and where in it. */
export interface ConfigProblem {
  readonly path: ConfigPath;
  readonly message: string;
  /** `BAD_CONFIG` unless it is a class that cannot be loaded. */
  readonly code?: "CLASS_NOT_LOADED";
}

/** What in `value` breaks `schema`: one sentence a place, in words made from the schema's descriptions. */
export function configProblems(schema: TSchema, value: unknown): ConfigProblem[] {
  const problems = new Map<string, ConfigProblem>();
  for (const fault of faultsOf(errorsIn(schema, value), value, [])) {
    const place = fault.loc.join(".");
    if (!problems.has(place)) {
      problems.set(place, { path: fault.loc, message: sentence(schema, fault) });
    }
  }
  return [...problems.values()];
}

const inOrderOfLines = new Intl.Collator("en", { numeric: true });

/** All problems as one error, a line each: `lab.yaml:7: ...`. */
export function problemsError(
  problems: readonly ConfigProblem[],
  where: (path: ConfigPath) => string,
): ThingError {
  const lines = problems
    .map(({ path, message }) => `${where(path)}: ${message}`)
    .sort(inOrderOfLines.compare);
  const onlyClasses = problems.every(({ code }) => code === "CLASS_NOT_LOADED");
  return new ThingError(onlyClasses ? "CLASS_NOT_LOADED" : "BAD_CONFIG", lines.join("\n"), {
    faults: problems.map(({ path, message, code }) => ({
      type: (code ?? "BAD_CONFIG").toLowerCase(),
      loc: path,
      msg: message,
    })),
  });
}

function sentence(root: TSchema, { type, loc, input }: InputFault): string {
  const key = loc.join(".");
  if (type === "missing") return `'${key}' is missing: it must be ${expected(root, loc)}.`;
  if (type === "extra_forbidden") return unknownKey(root, loc);
  const what = loc.length > 0 ? `'${key}'` : "The configuration";
  const comment = typeof input === "string" ? commentHint(input) : undefined;
  return `${what} must be ${expected(root, loc)}, but is ${shortly(input)}.${comment ? ` ${comment}.` : ""}`;
}

function unknownKey(root: TSchema, path: ConfigPath): string {
  const known = Object.keys(membersOf(schemaAt(root, path.slice(0, -1))));
  const key = String(path.at(-1));
  const near = nearest(key, known);
  const typed = oddlyTyped(key);
  const hint = typed
    ? `${typed}.`
    : near
      ? `Did you mean '${near}'?`
      : `Known here: ${known.join(", ")}.`;
  return `There is no key '${path.join(".")}'. ${hint}`;
}

/** What to do about a key that is a comment of another language, or has a word processor's quotes. */
function oddlyTyped(key: string): string | undefined {
  return commentHint(key) ?? (/[\u2018-\u201f]/.test(key) ? `Use straight quotes (")` : undefined);
}

function expected(root: TSchema, path: ConfigPath): string {
  const found = schemaAt(root, path);
  const description = found && Reflect.get(found, "description");
  return typeof description === "string" ? description : "something else";
}

/** The innermost schema that has a description on the way to `path`. */
function schemaAt(root: TSchema, path: ConfigPath): object | undefined {
  let schema: object | undefined = root;
  for (const step of path) {
    const inner: object | undefined = schema && innerSchema(schema, String(step));
    if (!inner) break;
    schema = inner;
  }
  return schema;
}

function innerSchema(schema: object, step: string): object | undefined {
  const [anyMember] = Object.values(objectAt(schema, "patternProperties") ?? {});
  const named = objectAt(membersOf(schema), step);
  const inner: unknown = named ?? anyMember ?? objectAt(schema, "items");
  return typeof inner === "object" && inner !== null && "description" in inner ? inner : undefined;
}

function membersOf(schema: object | undefined): object {
  return (schema && objectAt(schema, "properties")) ?? {};
}

function objectAt(schema: object, key: string): object | undefined {
  const found: unknown = Reflect.get(schema, key);
  return typeof found === "object" && found !== null ? found : undefined;
}

function shortly(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
