import {
  BYTES,
  bare,
  chunked,
  glued,
  head,
  jpegs,
  PICTURES,
  padded,
  parts,
  renamed,
  TYPE,
  usual,
  withOther,
  xml,
} from "./camera-wire.ts";

/** What a camera, its firmware or a relay was seen to send, made anew; how many pictures are in it. */
export interface Sample {
  readonly name: string;
  readonly bytes: Buffer;
  readonly pictures: number;
}

const sample = (
  name: string,
  answerHead: string,
  body: Buffer,
  { pictures = PICTURES, ...rest }: Partial<Sample> = {},
): Sample => ({ name, bytes: Buffer.concat([Buffer.from(answerHead), body]), pictures, ...rest });

/** All samples. */
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
    head([`Content-Type: Multipart/X-Mixed-Replace; Boundary=frame`]),
    parts(),
  ),
  sample(
    "a boundary that the head does not name",
    head([`Content-Type: multipart/x-mixed-replace; boundary=--video`]),
    parts({ boundary: "--image" }),
  ),
  sample(
    "a boundary that the head does not name, and no lengths",
    head([`Content-Type: multipart/x-mixed-replace; boundary=--video`]),
    parts({ boundary: "--image", headers: bare }),
  ),
  sample(
    "a type without a boundary",
    head(["Content-Type: multipart/x-mixed-replace"]),
    parts({ boundary: "--image", headers: bare }),
  ),
  sample("a boundary without dashes", usual, parts({ boundary: "frame" })),
  sample("a boundary with four dashes", usual, parts({ boundary: "----frame", headers: bare })),
  sample("a boundary that is another each time", usual, renamed(parts())),
  sample("a first part without its boundary", usual, parts().subarray("--frame\r\n".length)),
  sample("no boundary at all, headers alone", usual, parts({ boundary: "" }).subarray(2)),
  sample("JPEGs that follow one another", head(["Content-Type: video/x-motion-jpeg"]), jpegs()),
  sample("JPEGs that follow one another as one", head(["Content-Type: image/jpeg"]), jpegs()),
  sample("JPEGs with line ends between them", head([]), jpegs("\r\n")),
  sample("JPEGs with bytes between them", usual, jpegs("\0\0\xff\xff\0 x")),
  sample("line feeds alone in the head", head([`Content-Type: ${TYPE}`], "\n"), parts()),
  sample(
    "line feeds alone everywhere, without lengths",
    head([`Content-Type: ${TYPE}`], "\n"),
    parts({ end: "\n", headers: bare }),
  ),
  sample("a line of the head without a name", usual.replace("\r\n", "\r\nno header\r\n"), parts()),
  sample(
    "a head whose type is folded",
    head(["Content-Type: multipart/x-mixed-replace;", "\tboundary=frame", "Server : cam"]),
    parts(),
  ),
  sample(
    "part heads with folded and nameless lines",
    usual,
    parts({
      headers: (jpeg) => [
        "Content-Type:",
        " image/jpeg",
        "no header",
        `Content-Length:\r\n\t${jpeg.length}`,
      ],
    }),
  ),
  sample(
    "headers in the line of the boundary",
    usual,
    parts({ headers: () => [], boundary: "--frame Content-Type: image/jpeg Content-Length: 3000" }),
  ),
  sample(
    "headers in the line of the boundary, without a blank",
    usual,
    parts({ headers: bare, boundary: "--frameContent-Type: image/jpeg" }),
  ),
  sample("no line end before a boundary", usual, glued(parts({ headers: bare }))),
  sample("no line end before a boundary, with lengths", usual, glued(parts())),
  sample("no blank line before a picture", usual, parts({ headers: () => ["X: y"], end: "\n" })),
  sample("blank lines before a picture", usual, parts({ headers: bare, before: "\r\n\r\n" })),
  sample("blank lines before a picture, with lengths", usual, parts({ before: "\r\n" })),
  sample(
    "a length beside chunks",
    head([`Content-Type: ${TYPE}`, "Content-Length: 100", "Transfer-Encoding: chunked"]),
    chunked(parts()),
  ),
  sample(
    "chunks that are said and not sent",
    head([`Content-Type: ${TYPE}`, "Transfer-Encoding: chunked"]),
    parts(),
  ),
  sample("chunks that are sent and not said", usual, chunked(parts())),
  sample(
    "a length of the answer that is too small",
    head([`Content-Type: ${TYPE}`, "Content-Length: 100"]),
    parts(),
  ),
  sample(
    "a length of the answer that is nothing",
    head([`Content-Type: ${TYPE}`, "Content-Length: 0"]),
    parts(),
  ),
  sample("octets instead of multipart", head(["Content-Type: application/octet-stream"]), parts()),
  sample("no type", head(["Server: cam"]), parts({ headers: bare })),
  sample("plain text as the type", head(["Content-Type: text/plain"]), parts()),
  ...["text/html; charset=utf-8", "application/x-mjpeg", "video/mp4", "image/png"].map((type) =>
    sample(`${type} as the type`, head([`Content-Type: ${type}`]), parts()),
  ),
  sample("a page as the type, and JPEGs alone", head(["Content-Type: text/html"]), jpegs()),
  sample(
    "two carriage returns in each line end of the head",
    usual.replaceAll("\r", "\r\r"),
    parts(),
  ),
  sample(
    "a boundary of digits without dashes, which looks like a chunk",
    head(["Content-Type: multipart/x-mixed-replace; boundary=1234"]),
    parts({ boundary: "1234" }),
  ),
  sample(
    "chunks whose sizes have zeros in front",
    head([`Content-Type: ${TYPE}`, "Transfer-Encoding: chunked"]),
    chunked(parts(), 12),
  ),
  sample(
    "no type of parts, and a wrong one",
    usual,
    parts({ headers: () => ["Content-Type: text/plain"] }),
  ),
  ...[-2900, -1000, -3, -2, -1, 1, 2, 3, 4, 40, 200, 5000, 100_000_000].map((more) =>
    sample(
      `a length that is ${more} bytes too large`,
      usual,
      parts({ headers: (jpeg) => [...bare(jpeg), `Content-Length: ${jpeg.length + more}`] }),
    ),
  ),
  sample("lengths that are no numbers", usual, parts({ headers: () => ["Content-Length: -1"] })),
  sample("lengths of nothing", usual, parts({ headers: () => ["Content-Length: 0"] })),
  sample(
    "parts of other types between the pictures",
    usual,
    withOther(`Content-Type: text/xml\r\nContent-Length: ${xml.length}\r\n\r\n${xml}\r\n`),
  ),
  sample(
    "parts of other types without a length, or with a wrong one",
    usual,
    withOther(`Content-Type: application/json\r\nContent-Length: 3\r\n\r\n{"a": "\xff\xd8\xff"}`),
  ),
  sample("pictures with bytes before a marker", usual, parts({ change: padded })),
  sample(
    "pictures with bytes before a marker, without lengths",
    usual,
    parts({ change: padded, headers: bare }),
  ),
  sample(
    "pictures with bytes behind them, which the length counts",
    usual,
    parts({ change: (jpeg) => Buffer.concat([jpeg, Buffer.alloc(500)]) }),
  ),
  sample("ICY for HTTP", usual.replace("HTTP/1.1", "ICY"), parts()),
  sample(
    "a status line without a version and a reason",
    usual.replace("HTTP/1.1 200 OK", "HTTP 200"),
    parts(),
  ),
  sample(
    "a status line in small letters, after a blank line",
    `\r\n${usual.replace("HTTP", "http")}`,
    parts(),
  ),
  sample("headers without a status line", usual.replace("HTTP/1.1 200 OK\r\n", ""), parts()),
  sample("HTTP/0.9: parts at once", "", parts()),
  sample("HTTP/0.9: JPEGs at once", "", jpegs()),
  sample(
    "a login page",
    head(["Content-Type: text/html", "Content-Length: 12"]),
    Buffer.from("<p>Log in</p>"),
    { pictures: 0 },
  ),
  sample("an end in the middle of a picture", usual, parts().subarray(0, 2.5 * BYTES), {
    pictures: 2,
  }),
  sample(
    "every second picture cut off",
    usual,
    parts({ change: (jpeg, n) => (n % 2 ? jpeg.subarray(0, 1000) : jpeg) }),
    { pictures: 3 },
  ),
  sample(
    "every second picture cut off, without lengths",
    usual,
    parts({ change: (jpeg, n) => (n % 2 ? jpeg.subarray(0, 1000) : jpeg), headers: bare }),
    { pictures: 3 },
  ),
  sample(
    "pictures that are all cut off",
    usual,
    parts({ change: (jpeg) => jpeg.subarray(0, 100) }),
    {
      pictures: 0,
    },
  ),
  ...[true, false].map((hasLength) =>
    sample(
      `one picture cut off in its tables, ${hasLength ? "with" : "without"} lengths`,
      usual,
      parts({
        change: (jpeg, n) => (n === 2 ? jpeg.subarray(0, 100) : jpeg),
        ...(!hasLength && { headers: bare }),
      }),
      { pictures: PICTURES - 1 },
    ),
  ),
  ...["201 Created", "203 From a proxy", "206 Partial Content"].map((status) =>
    sample(`the status ${status}`, usual.replace("200 OK", status), parts()),
  ),
  sample("an interim answer first", `HTTP/1.1 100 Continue\r\n\r\n${usual}`, parts()),
  sample(
    "pictures that begin twice, without lengths",
    usual,
    parts({ headers: bare, change: (jpeg) => Buffer.concat([Buffer.from([0xff, 0xd8]), jpeg]) }),
  ),
  sample("nothing after the head", usual, Buffer.alloc(0), { pictures: 0 }),
  sample("zeros", "", Buffer.alloc(50_000), { pictures: 0 }),
];
