import { assertMaySet, type Thing } from "./thing.ts";

const locked = new WeakSet<object>();

/**
 * Puts the global lock before the setter that a class has beside a decorated getter, once for each class: a getter's
 * decorator sees nothing of it.
 */
export function lockSetter(thing: Thing, member: string, property: string): void {
  for (
    let proto: object | null = Object.getPrototypeOf(thing);
    proto;
    proto = Object.getPrototypeOf(proto)
  ) {
    const found = Object.getOwnPropertyDescriptor(proto, member);
    if (!found) continue;
    const { set } = found;
    if (!set || locked.has(set)) return;
    const withLock = function (this: Thing, value: unknown) {
      assertMaySet(this, property);
      set.call(this, value);
    };
    locked.add(withLock);
    Object.defineProperty(proto, member, { ...found, set: withLock });
    return;
  }
}
