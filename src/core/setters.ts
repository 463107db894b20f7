/** Puts a value that fits its schema into an object. */
export type Store = (this: object, value: unknown) => void;

const stores = new WeakMap<object, Store>();
const guarded = new WeakSet<object>();

/** Notes how the setter of a decorated accessor keeps a value, for who has found already that it fits. */
export function rememberStore<T extends object>(
  setter: object,
  store: (this: T, value: unknown) => void,
): void {
  stores.set(setter, store as Store);
}

/** How a member keeps a value, if it is a decorated accessor and no subclass has put a setter of its own before it. */
export function storeOf(object: object, member: string): Store | undefined {
  const setter = memberOf(object, member)?.descriptor.set;
  return setter && stores.get(setter);
}

/**
 * Puts a guard before the setter that a class has beside a decorated getter, once for each class: a getter's decorator sees
 * nothing of it.
 */
export function guardSetter<T extends object>(
  object: T,
  member: string,
  guard: (object: T) => void,
): void {
  const { owner, descriptor } = memberOf(Object.getPrototypeOf(object), member) ?? {};
  const set = descriptor?.set;
  if (!owner || !set || guarded.has(set)) return;
  const withGuard = function (this: T, value: unknown) {
    guard(this);
    set.call(this, value);
  };
  guarded.add(withGuard);
  Object.defineProperty(owner, member, { ...descriptor, set: withGuard });
}

/** A member, and which object has it: this one, its class, or one that this extends. */
export function memberOf(object: object, member: string) {
  for (let owner: object | null = object; owner; owner = Object.getPrototypeOf(owner)) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, member);
    if (descriptor) return { owner, descriptor };
  }
  return undefined;
}
