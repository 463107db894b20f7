import { Thing } from "../core/thing.ts";
import { loadNamed, notExported, notLoaded } from "./load-module.ts";

type ConcreteThing = new (...args: unknown[]) => Thing;

/**
 * The class that `module:Class` names. The module is a file, seen from `folder`, or else a package.
 * @throws {ThingError} `CLASS_NOT_LOADED` saying where it was looked for, or what the module said.
 */
export async function loadClass(reference: string, folder: string): Promise<ConcreteThing> {
  const named = await loadNamed(reference, folder);
  const { module, name, value, exports } = named;
  if (isThingClass(value)) return value;
  if (value === undefined) {
    const names = Object.keys(exports).filter((key) => isThingClass(Reflect.get(exports, key)));
    throw notExported(named, names, "Thing");
  }
  throw notLoaded(
    `'${name}' of the module '${module}' is not a class that extends Thing of 'thingscope'.`,
  );
}

function isThingClass(value: unknown): value is ConcreteThing {
  return typeof value === "function" && value.prototype instanceof Thing;
}
