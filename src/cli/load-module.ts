import { existsSync, statSync } from "node:fs";
import { isAbsolute, join } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, ThingError } from "../base/errors.ts";
import { nearest } from "../base/nearest.ts";
import { packagePath } from "../base/package-root.ts";
import { importModule } from "./import-module.ts";

const ENDINGS = ["", ".ts", ".mts", ".js", ".mjs", "/index.ts", "/index.js"];

/** Something of a module that a configuration or a command line names as `module:name`. */
interface Named {
  readonly module: string;
  readonly name: string;
  /** `undefined` when the module exports no such name. */
  readonly value: unknown;
  /** All that the module exports. */
  readonly exports: object;
}

/**
 * What `module:name` names. The module is a file, seen from `folder`, or else a package.
 * @throws {ThingError} `CLASS_NOT_LOADED` saying where it was looked for, or what the module said; `BAD_CONFIG` for a decorator that
 *   stands on the wrong member.
 */
export async function loadNamed(reference: string, folder: string): Promise<Named> {
  const colon = reference.lastIndexOf(":");
  const [module, name] = [reference.slice(0, colon), reference.slice(colon + 1)];
  const exports = await importedFrom(module, folder);
  return { module, name, value: Reflect.get(exports, name), exports };
}

/** That a module lacks a name; `names` are those that would do, `kind` is what they are: `Thing`. */
export function notExported({ module, name }: Named, names: string[], kind: string): ThingError {
  const near = nearest(name, names);
  if (near)
    return notLoaded(`The module '${module}' does not export '${name}'. Did you mean '${near}'?`);
  const has = names.length > 0 ? `Its ${kind}s: ${names.join(", ")}.` : `It exports no ${kind}.`;
  return notLoaded(`The module '${module}' does not export '${name}'. ${has}`);
}

/** The error for a class, or another part of a module, that cannot be used. */
export function notLoaded(message: string, cause?: unknown): ThingError {
  return new ThingError("CLASS_NOT_LOADED", message, { cause });
}

async function importedFrom(module: string, folder: string): Promise<object> {
  const file = fileOf(module, folder);
  if (!file && (module.startsWith(".") || isAbsolute(module))) {
    throw notLoaded(`There is no module '${module}' in ${folder}.`);
  }
  try {
    return await importModule(file ? pathToFileURL(file).href : module, folder);
  } catch (error) {
    // What this package says of a class while it is made is its author's to fix, as its options are.
    if (error instanceof ThingError) {
      const message = `The module '${module}': ${withPlace(error.message, error)}`;
      throw new ThingError("BAD_CONFIG", message, { cause: error });
    }
    const isMissing = !file && isNotFound(error) && messageOf(error).includes(`'${module}'`);
    throw notLoaded(
      isMissing
        ? `There is no module '${module}': neither a file in ${folder} nor an installed package.`
        : `The module '${module}' cannot be loaded: ${reasonOf(error)}`,
      error,
    );
  }
}

function fileOf(module: string, folder: string): string | undefined {
  const path = isAbsolute(module) ? module : join(folder, module);
  return ENDINGS.map((ending) => path + ending).find(
    (candidate) => existsSync(candidate) && statSync(candidate).isFile(),
  );
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && "code" in error && error.code === "ERR_MODULE_NOT_FOUND";
}

/** What was thrown while the module was loaded, and the line of the module that it was thrown at. */
function reasonOf(error: unknown): string {
  const [first = "", second = ""] = messageOf(error).split("\n");
  return withPlace(first.startsWith("Transform failed") ? second : first, error);
}

/** A sentence, and the line of an author's file that the error was thrown at, where the stack tells one. */
export function withPlace(sentence: string, error: unknown): string {
  const place = error instanceof Error ? firstPlace(error.stack) : undefined;
  return `${sentence.replace(/\.$/, "")}${place && !sentence.includes(place) ? ` (${place})` : ""}.`;
}

/** The line that called this package, or that threw by itself; `undefined` where that is in another package. */
function firstPlace(stack = ""): string | undefined {
  const places = stack.split("\n").flatMap((line) => {
    const place = /^\s+at .*?\(?((?:file:\/\/)?\/[^()\s]+\.[cm]?[jt]sx?:\d+):\d+\)?$/.exec(
      line,
    )?.[1];
    return place ? [place.replace("file://", "")] : [];
  });
  const place = places.find((one) => !isOurs(one));
  return place?.includes("/node_modules/") ? undefined : place;
}

function isOurs(place: string): boolean {
  return ["dist", "src"].some((folder) => place.startsWith(`${packagePath(folder)}/`));
}
