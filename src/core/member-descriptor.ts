/** A member of an object, and which object on its prototype chain has it: itself, its class, or one that this extends. */
export interface FoundMember {
  readonly owner: object;
  readonly descriptor: PropertyDescriptor;
}

export function memberOf(object: object, member: string): FoundMember | undefined {
  for (let owner: object | null = object; owner; owner = Object.getPrototypeOf(owner)) {
    const descriptor = Object.getOwnPropertyDescriptor(owner, member);
    if (descriptor) return { owner, descriptor };
  }
  return undefined;
}
