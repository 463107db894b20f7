/**
 * Why the Node of this version cannot run the package, as a sentence; undefined where it can. It imports nothing and uses no new
 * syntax: an old Node has to be able to read it.
 */
export function nodeFault(version: string): string | undefined {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major > 20 || (major === 20 && minor >= 19)) return undefined;
  return `Thingscope needs Node 20.19 or newer, and this is Node ${version}. Install a newer one: https://nodejs.org`;
}
