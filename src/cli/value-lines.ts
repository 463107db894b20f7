const STEP = "  ";

/**
 * A JSON value as JSON for people: on one line what fits there, else a line for each member, and the numbers of a long
 * list beside each other.
 * @param width - Characters of a line; a long text or name may go beyond.
 */
export function valueLines(value: unknown, width = 80): string {
  return written(value, width);
}

/** @param taken - Characters of the first line that others have, before and behind. */
function written(value: unknown, width: number, margin = "", taken = 0): string {
  const whole = onOneLine(value);
  if (isScalar(value) || margin.length + whole.length + taken <= width) return whole;
  const inner = margin + STEP;
  const block = (open: string, lines: readonly string[], close: string) =>
    `${open}\n${lines.map((line) => inner + line).join("\n")}\n${margin}${close}`;
  if (!Array.isArray(value)) {
    const members = Object.entries(Object(value)).map(([name, member]) => {
      const label = `${JSON.stringify(name)}: `;
      return label + written(member, width, inner, label.length + 1); // a comma follows
    });
    return block("{", withCommas(members), "}");
  }
  const items = withCommas(value.map((item) => written(item, width, inner, 1)));
  return block("[", value.every(isScalar) ? filled(items, width - inner.length) : items, "]");
}

function isScalar(value: unknown): boolean {
  return typeof value !== "object" || value === null;
}

function onOneLine(value: unknown): string {
  if (isScalar(value)) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(onOneLine).join(", ")}]`;
  const members = Object.entries(Object(value)).map(
    ([name, member]) => `${JSON.stringify(name)}: ${onOneLine(member)}`,
  );
  return members.length > 0 ? `{ ${members.join(", ")} }` : "{}";
}

function withCommas(items: readonly string[]): string[] {
  return items.map((item, index) => (index < items.length - 1 ? `${item},` : item));
}

/** As many on each line as have room there. */
function filled(items: readonly string[], width: number): string[] {
  const lines: string[] = [];
  for (const item of items) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + item.length <= width) {
      lines[lines.length - 1] = `${last} ${item}`;
    } else lines.push(item);
  }
  return lines;
}
