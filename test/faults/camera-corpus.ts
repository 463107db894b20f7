import { picture } from "../streams/pictures.ts";

/** What a camera, its firmware or a relay was seen to send, made anew; how many pictures are in it. */
export interface Sample {
  readonly name: string;
  readonly bytes: Buffer;
  readonly pictures: number;
  /** What is not read today: a later change will, and this note has to go then. */
  readonly later?: string;
}

const PICTURES = 6;
const BYTES = 3000;
const pictures = Array.from({ length: PICTURES }, (_, n) => Buffer.from(picture(n, BYTES)));

const TYPE = "multipart/x-mixed-replace; boundary=frame";
const head = (lines: readonly string[], end = "\r\n") =>
  `${["HTTP/1.1 200 OK", ...lines].join(end)}${end}${end}`;
const usual = head([`Content-Type: ${TYPE}`]);

interface PartOptions {
  readonly boundary?: string;
  readonly headers?: (jpeg: Buffer) => readonly string[];
  readonly end?: string;
  readonly before?: string;
}

function parts({
  boundary = "--frame",
  headers = (jpeg) => ["Content-Type: image/jpeg", `Content-Length: ${jpeg.length}`],
  end = "\r\n",
  before = "",
}: PartOptions = {}): Buffer {
  const all = pictures.flatMap((jpeg) => [
    Buffer.from(`${boundary}${end}${headers(jpeg).join(end)}${end}${end}${before}`),
    jpeg,
    Buffer.from(end),
  ]);
  return Buffer.concat([...all, Buffer.from(`${boundary}${end}`)]);
}

const sample = (
  name: string,
  answerHead: string,
  body: Buffer,
  { pictures = PICTURES, ...rest }: Partial<Sample> = {},
): Sample => ({ name, bytes: Buffer.concat([Buffer.from(answerHead), body]), pictures, ...rest });

function chunked(body: Buffer): Buffer {
  const sizes = [1, 700, 4096];
  const chunks: Buffer[] = [];
  for (let at = 0, n = 0; at < body.length; n++) {
    const piece = body.subarray(at, at + sizes[n % sizes.length]!);
    chunks.push(Buffer.from(`${piece.length.toString(16)}\r\n`), piece, Buffer.from("\r\n"));
    at += piece.length;
  }
  return Buffer.concat([...chunks, Buffer.from("0\r\n\r\n")]);
}

const bare = (jpeg: Buffer) => (jpeg.length ? ["Content-Type: image/jpeg"] : []);

/** All samples. Those of a later change say what they wait for. */
export const CORPUS: readonly Sample[] = [
  sample("parts as RFC 2046 has them", usual, parts()),
  sample("parts without a length", usual, parts({ headers: bare })),
  sample(
    "parts with a length and no type",
    usual,
    parts({ headers: (jpeg) => [`Content-length:${jpeg.length}`] }),
  ),
  sample(
    "a boundary in quotes",
    head(['Content-Type: multipart/x-mixed-replace;boundary="frame"']),
    parts(),
  ),
  sample(
    "a boundary that already has its dashes",
    head([`Content-Type: multipart/x-mixed-replace; boundary=--frame`]),
    parts(),
  ),
  sample("line feeds alone inside of the body", usual, parts({ end: "\n" })),
  sample(
    "a blank line before the first part",
    usual,
    Buffer.concat([Buffer.from("\r\n"), parts()]),
  ),
  sample(
    "words before the first boundary",
    usual,
    Buffer.concat([Buffer.from("ignore this\r\n"), parts()]),
  ),
  sample(
    "chunks that cut parts anywhere",
    head([`Content-Type: ${TYPE}`, "Transfer-Encoding: chunked"]),
    chunked(parts()),
  ),
  sample("HTTP/1.0 without a length", usual.replace("1.1", "1.0"), parts()),
  sample(
    "headers of the part's own, among them a time",
    usual,
    parts({
      headers: (jpeg) => [
        "X-Timestamp: 1234.5",
        "X-Cam: ü",
        ...bare(jpeg),
        `Content-Length: ${jpeg.length}`,
      ],
    }),
  ),
  sample(
    "a media type in capitals",
    head([`Content-Type: Multipart/X-Mixed-Replace; boundary=frame`]),
    parts(),
    { later: "media types have no case" },
  ),
  sample(
    "a boundary that the head does not name",
    head([`Content-Type: multipart/x-mixed-replace; boundary=--video`]),
    parts({ boundary: "--image" }),
    { later: "the first line could be taken" },
  ),
  sample("a first part without its boundary", usual, parts().subarray("--frame\r\n".length), {
    later: "the first picture would be passed over",
  }),
  sample("line feeds alone in the head", head([`Content-Type: ${TYPE}`], "\n"), parts(), {
    later: "Node's parser refuses it",
  }),
  sample(
    "a line of the head without a name",
    usual.replace("\r\n", "\r\nthis is no header\r\n"),
    parts(),
    { later: "Node's parser refuses it" },
  ),
  sample(
    "a length beside chunks",
    head([`Content-Type: ${TYPE}`, "Content-Length: 100", "Transfer-Encoding: chunked"]),
    chunked(parts()),
    { later: "Node's parser refuses it" },
  ),
  sample("octets instead of multipart", head(["Content-Type: application/octet-stream"]), parts(), {
    later: "the body could be looked at",
  }),
  sample(
    "a length that is too large",
    usual,
    parts({ headers: (jpeg) => [...bare(jpeg), `Content-Length: ${jpeg.length + 200}`] }),
    { later: "every second picture vanishes" },
  ),
  sample(
    "a login page",
    head(["Content-Type: text/html", "Content-Length: 12"]),
    Buffer.from("<p>Log in</p>"),
    { pictures: 0 },
  ),
  sample(
    "one JPEG and no stream",
    head(["Content-Type: image/jpeg", `Content-Length: ${BYTES}`]),
    pictures[0]!,
    { pictures: 0 },
  ),
  sample("an end in the middle of a picture", usual, parts().subarray(0, 2.5 * BYTES), {
    pictures: 2,
  }),
  sample(
    "pictures that are cut off",
    usual,
    parts({ headers: () => ["Content-Type: image/jpeg", "Content-Length: 1000"] }),
    { pictures: 0 },
  ),
  sample("nothing after the head", usual, Buffer.alloc(0), { pictures: 0 }),
  sample("no head at all", "", parts(), { pictures: 0 }),
  sample("zeros", "", Buffer.alloc(50_000), { pictures: 0 }),
];
