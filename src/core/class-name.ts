/** The name of an object's class, for sentences and file names. A class can have a static member `name` that is no text, or throws. */
export function classNameOf(object: object): string {
  try {
    const { name }: { name: unknown } = object.constructor;
    return typeof name === "string" ? name : "Thing";
  } catch {
    return "Thing";
  }
}
