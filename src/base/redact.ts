const SECRET_NAME =
  /^(authorization|cookie|set-cookie)$|passw(or)?d|passphrase|secret|token|api[-_]?key/i;
const HIDDEN = "[hidden]";

/** The same fields without what opens doors: members with a secret's name, and secrets inside of URLs. */
export function redact(fields: Record<string, unknown>, depth = 4): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [
      name,
      SECRET_NAME.test(name) ? HIDDEN : redactValue(value, depth),
    ]),
  );
}

/** The same text without passwords of URLs (`rtsp://user:pass@camera`), tokens of queries, bearer tokens, cookies and this package's own tokens. */
export function redactText(text: string): string {
  return text
    .replace(/(\b[a-z][a-z0-9+.-]*:\/\/[^\s/:@]*):[^\s/@]+@/gi, `$1:${HIDDEN}@`)
    .replace(/([?&#](?:token|sig|signature|password|code|key)=)[^\s&#"']+/gi, `$1${HIDDEN}`)
    .replace(/\bts_[\w-]{32}/g, HIDDEN)
    .replace(/\b(thingscope-\d+=)[\w-]+/g, `$1${HIDDEN}`)
    .replace(/\b(Bearer|Basic) [\w+/=.~-]{6,}/g, `$1 ${HIDDEN}`);
}

function redactValue(value: unknown, depth: number): unknown {
  if (typeof value === "string") return redactText(value);
  if (value instanceof Error) return redactText(value.stack ?? value.message);
  if (typeof value !== "object" || value === null || depth === 0) return value;
  if (Array.isArray(value)) return value.map((item) => redactValue(item, depth - 1));
  return redact({ ...value }, depth - 1);
}
