import { isMap, isScalar, isSeq, LineCounter, type Node, parseDocument } from "yaml";
import { messageOf, ThingError } from "../base/errors.ts";
import { danglingAlias, firstLine, syntaxSentences } from "./config-syntax.ts";

export type ConfigPath = readonly (string | number)[];

/** A configuration file as a value that still knows where each part of it was written. */
interface ConfigText {
  readonly value: unknown;
  /** `FILE:LINE` of what is at `path`; of what is around it when nothing is there. */
  where(path: ConfigPath): string;
}

/**
 * Reads JSON or YAML; one parser does both, so both have lines.
 * @throws {ThingError} `BAD_CONFIG` with file, line and reason when the text is neither.
 */
export function parseConfigText(text: string, file: string): ConfigText {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, prettyErrors: false });
  const lineOf = (offset: number) => lines.linePos(offset).line;
  const lineAt = (offset: number) => `${file}:${lineOf(offset)}`;
  const [error] = document.errors;
  if (error) {
    const sentences = syntaxSentences(error, text, lineOf);
    throw new ThingError("BAD_CONFIG", `${lineAt(error.pos[0])}: ${sentences}`);
  }
  const alias = danglingAlias(document);
  if (alias) throw new ThingError("BAD_CONFIG", `${lineAt(alias[0])}: ${alias[1]}`);
  return {
    value: plainValue(document, file),
    where: (path) => lineAt(offsetOf(document.contents, path)),
  };
}

function plainValue(document: ReturnType<typeof parseDocument>, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new ThingError("BAD_CONFIG", `${file}: ${firstLine(messageOf(error))}.`);
  }
}

/** Where the key, or the item, at `path` begins, or the nearest thing around it that is there. */
function offsetOf(root: Node | null, path: ConfigPath): number {
  let node: unknown = root;
  let offset = root?.range?.[0] ?? 0;
  for (const step of path) {
    if (isMap(node)) {
      const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === step);
      if (!pair || !isScalar(pair.key)) break;
      offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(step)];
      offset = rangeStart(node) ?? offset;
    } else break;
  }
  return offset;
}

function rangeStart(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) ? node.range?.[0] : undefined;
}
