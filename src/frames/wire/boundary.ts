/** The boundary that a `Content-Type` such as `multipart/x-mixed-replace; boundary="frame"` names. */
export function boundaryOf(contentType: string): string | undefined {
  const [, quoted, plain] = /;\s*boundary\s*=\s*(?:"([^"]*)"|([^;\s]*))/i.exec(contentType) ?? [];
  return quoted || plain || undefined;
}

/** Servers disagree on whether the `--` of a boundary line is part of the boundary's name. */
export function bareBoundary(boundary: string): string {
  return boundary
    .trim()
    .replace(/^"(.*)"$/, "$1")
    .replace(/^-+/, "");
}

/** A header behind a boundary, in the same line. */
const HEADERS_BEHIND = /^(-*.*?)[ \t;,]*((?:content-|x-)[\w-]+[ \t]*:.*)$/i;

/** A boundary line, taken apart. */
export interface BoundaryLine {
  /** Without its dashes. */
  readonly name: string;
  /** As it stood there, without what is behind it: what ends a part. */
  readonly text: string;
  /** Whether it is the one that closes the stream. */
  readonly isClosing: boolean;
  /** Headers that stand in the same line. */
  readonly headers: readonly string[];
}

/**
 * What a line between two pictures is, if it is a boundary: one that begins with `--`, whatever its name, or the known boundary
 * without dashes. Cameras declare one name and send another.
 * @param known - The boundary that was declared, or sent before, without its dashes.
 */
export function readBoundary(text: string, known: string | undefined): BoundaryLine | undefined {
  const line = text.trimStart();
  const hasDashes = line.startsWith("--");
  if (!hasDashes && line !== known && line !== `${known}--`) return undefined;
  const bare = line.replace(/^-+/, "");
  const isKnown = known !== undefined && known !== "" && bare.startsWith(known);
  const [, before = line, behind = ""] = HEADERS_BEHIND.exec(line) ?? [];
  const name = isKnown ? known : before.replace(/^-+/, "");
  const rest = isKnown ? bare.slice(known.length) : "";
  const sent = isKnown ? line.slice(0, line.length - rest.length) : before;
  const headers = behind === "" ? [] : behind.split(/[ \t;,]+(?=(?:content-|x-)[\w-]+[ \t]*:)/i);
  return { name, text: sent, isClosing: rest.startsWith("--"), headers };
}
