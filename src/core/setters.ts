import { memberOf } from "./member-descriptor.ts";
import { assertMaySet, type Thing } from "./thing.ts";

/** Puts a value that fits its schema into the object, and says that it has changed. */
export type Store = (this: Thing, value: unknown) => void;

const stores = new WeakMap<object, Store>();
const locked = new WeakSet<object>();

/** Notes how the setter of a decorated accessor keeps a value, for who has found already that it fits. */
export function rememberStore(setter: (this: Thing, value: unknown) => void, store: Store): void {
  stores.set(setter, store);
}

/** How a member keeps a value, if it is a decorated accessor and no subclass has put a setter of its own before it. */
export function storeOf(thing: Thing, member: string): Store | undefined {
  const setter = memberOf(thing, member)?.descriptor.set;
  return setter && stores.get(setter);
}

/**
 * Puts the global lock before the setter that a class has beside a decorated getter, once for each class: a getter's
 * decorator sees nothing of it.
 */
export function lockSetter(thing: Thing, member: string, property: string): void {
  const { owner, descriptor } = memberOf(Object.getPrototypeOf(thing), member) ?? {};
  const set = descriptor?.set;
  if (!owner || !set || locked.has(set)) return;
  const withLock = function (this: Thing, value: unknown) {
    assertMaySet(this, property);
    set.call(this, value);
  };
  locked.add(withLock);
  Object.defineProperty(owner, member, { ...descriptor, set: withLock });
}
