import { picture } from "../streams/pictures.ts";

export const PICTURES = 6;
export const BYTES = 3000;
export const pictures = Array.from({ length: PICTURES }, (_, n) => Buffer.from(picture(n, BYTES)));

export const TYPE = "multipart/x-mixed-replace; boundary=frame";
export const head = (lines: readonly string[], end = "\r\n") =>
  `${["HTTP/1.1 200 OK", ...lines].join(end)}${end}${end}`;
export const usual = head([`Content-Type: ${TYPE}`]);

export interface PartOptions {
  readonly boundary?: string;
  readonly headers?: (jpeg: Buffer) => readonly string[];
  readonly end?: string;
  readonly before?: string;
  readonly change?: (jpeg: Buffer, n: number) => Buffer;
}

export function parts({
  boundary = "--frame",
  headers = (jpeg) => ["Content-Type: image/jpeg", `Content-Length: ${jpeg.length}`],
  end = "\r\n",
  before = "",
  change = (jpeg) => jpeg,
}: PartOptions = {}): Buffer {
  const all = pictures
    .map(change)
    .flatMap((jpeg) => [
      Buffer.from(`${boundary}${end}${headers(jpeg).join(end)}${end}${end}${before}`),
      jpeg,
      Buffer.from(end),
    ]);
  return Buffer.concat([...all, Buffer.from(`${boundary}${end}`)]);
}

export function jpegs(between = ""): Buffer {
  return Buffer.concat(pictures.flatMap((jpeg) => [jpeg, Buffer.from(between, "latin1")]));
}

/** Without the line ends behind pictures. */
export function glued(stream: Buffer): Buffer {
  return Buffer.from(
    stream.toString("latin1").replaceAll("\xff\xd9\r\n--", "\xff\xd9--"),
    "latin1",
  );
}

/** Each part with a boundary of its own. */
export function renamed(stream: Buffer): Buffer {
  let n = 0;
  const text = stream.toString("latin1").replaceAll("--frame", () => `--part${++n}x`);
  return Buffer.from(text, "latin1");
}

/** With a part of another type before each picture. */
export function withOther(other: string): Buffer {
  const text = parts()
    .toString("latin1")
    .replaceAll("--frame\r\nC", `--frame\r\n${other}--frame\r\nC`);
  return Buffer.from(text, "latin1");
}

export function chunked(body: Buffer, digits = 1): Buffer {
  const sizes = [1, 700, 4096];
  const chunks: Buffer[] = [];
  for (let at = 0, n = 0; at < body.length; n++) {
    const piece = body.subarray(at, at + sizes[n % sizes.length]!);
    chunks.push(
      Buffer.from(`${piece.length.toString(16).padStart(digits, "0")}\r\n`),
      piece,
      Buffer.from("\r\n"),
    );
    at += piece.length;
  }
  return Buffer.concat([...chunks, Buffer.from("0\r\n\r\n")]);
}

export const bare = (jpeg: Buffer) => (jpeg.length ? ["Content-Type: image/jpeg"] : []);

/** A JPEG with bytes before one of its markers, as cameras pad their headers. */
export function padded(jpeg: Buffer): Buffer {
  const at = 4 + jpeg.readUInt16BE(4); // behind the first segment
  return Buffer.concat([jpeg.subarray(0, at), Buffer.alloc(300), jpeg.subarray(at)]);
}

export const xml = "<event><type>motion</type>--</event>";
