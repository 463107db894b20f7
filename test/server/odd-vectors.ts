import { get, H, JSON_BODY, LAST, put, raw, type Vector } from "./raw-vectors.ts";

const PUT = "PUT /lamp/n HTTP/1.1";
const EXPECT = "Expect: 100-continue";
const CHUNK = "1\r\n7\r\n0\r\n\r\n";

/** What hardly any client sends, and what RFC 9110 and 9112 allow all the same. */
export const ODD_VECTORS: readonly Vector[] = [
  ["empty lines in front", `\r\n\r\n${get("/lamp/n")}`, "200"],
  ["no space behind a colon", raw(["GET /lamp/n HTTP/1.1", "Host:127.0.0.1"]), "200"],
  ["spaces and tabs around a value", raw(["GET /lamp/n HTTP/1.1", "Host: \t127.0.0.1 \t"]), "200"],
  ["a fragment in a target", get("/lamp/n#top"), "400|404|200"],
  ["an empty query", get("/lamp/n?"), "200"],
  ["an empty port in Host", raw(["GET /lamp/n HTTP/1.1", "Host: 127.0.0.1:"]), "200"],
  ["a name with a dot at its end", raw(["GET /lamp/ HTTP/1.1", "Host: localhost."]), "200"],
  ["a host in capitals", raw(["GET /lamp/n HTTP/1.1", "Host: LOCALHOST"]), "200"],
  [
    "an empty Host with an absolute target",
    raw(["GET http://127.0.0.1/lamp/n HTTP/1.1", "Host:"]),
    "200|400",
  ],
  ["a scheme in capitals", get("HTTP://127.0.0.1/lamp/n"), "200"],
  ["two lengths that agree", raw(put("Content-Length: 1, 1"), "7"), "204|400"],
  ["a length with zeros in front", raw(put("Content-Length: 0001"), "7"), "204"],
  [
    "chunk sizes in capitals with zeros in front, and extensions in quotes",
    raw(put("Transfer-Encoding: chunked"), '00000A;x="a;b"\r\n        7 \r\n0\r\n\r\n') +
      get("/lamp/n"),
    "204 200",
  ],
  [
    "HEAD with a body",
    raw(["HEAD /lamp/n HTTP/1.1", H, "Content-Length: 2"], "{}") + get("/lamp/n", LAST),
    "200 200",
  ],
  [
    "OPTIONS with a body",
    raw(["OPTIONS /lamp/n HTTP/1.1", H, "Content-Length: 2"], "{}") + get("/lamp/n"),
    "204 200",
  ],
  [
    "a media type in capitals with quoted parameters",
    raw(
      [
        "PUT /lamp/n HTTP/1.1",
        H,
        'Content-Type: APPLICATION/JSON; Charset="UTF-8"',
        "Content-Length: 1",
      ],
      "7",
    ),
    "204",
  ],
  [
    "100-Continue in capitals",
    raw(put("Expect: 100-Continue", "Content-Length: 1"), "7"),
    "100 204",
  ],
  [
    "100-continue for no body",
    raw(["GET /lamp/n HTTP/1.1", H, "Expect: 100-continue"]),
    "100 200|200",
  ],
  [
    "100-continue, and a type that is not taken",
    raw([PUT, H, "Content-Type: image/png", EXPECT, "Content-Length: 1"], "7"),
    "415",
    /^Connection: close/im,
  ],
  [
    "100-continue, and chunks of a type that is not taken",
    raw([PUT, H, "Content-Type: image/png", EXPECT, "Transfer-Encoding: chunked"], CHUNK),
    "415",
  ],
  ["100-continue, and too long a body", raw(put(EXPECT, "Content-Length: 1048577")), "413"],
  [
    "100-continue, and a compressed body",
    raw(put(EXPECT, "Content-Encoding: gzip", "Content-Length: 1"), "7"),
    "415",
  ],
  [
    "100-continue where nothing is",
    raw(["PUT /nothing HTTP/1.1", H, JSON_BODY, EXPECT, "Content-Length: 1"], "7"),
    "404",
  ],
  [
    "100-continue of a foreign host",
    raw(["PUT /lamp/n HTTP/1.1", "Host: evil.example", EXPECT, "Content-Length: 1"], "7"),
    "421",
  ],
  ["100-continue, and chunks", raw(put(EXPECT, "Transfer-Encoding: chunked"), CHUNK), "100 204"],
  [
    "100-continue, and a value that does not fit",
    raw(put(EXPECT, "Content-Length: 3"), '"a"') + get("/lamp/n"),
    "100 422 200",
  ],
  [
    "100-continue in HTTP/1.0",
    raw(["PUT /lamp/n HTTP/1.0", JSON_BODY, "Expect: 100-continue", "Content-Length: 1"], "7"),
    "204",
  ],
  [
    "Content-Encoding: identity",
    raw(put("Content-Encoding: identity", "Content-Length: 1"), "7"),
    "204",
  ],
  ["If-None-Match: * of a value", get("/lamp/n", "If-None-Match: *"), "304"],
  ["If-Match of a value", get("/lamp/n", 'If-Match: "a"'), "412"],
  ["If-Match: * of what is not there", get("/nothing", "If-Match: *"), "404"],
  [
    "If-Modified-Since with PUT",
    raw(put("If-Modified-Since: Fri, 01 Jan 2100 00:00:00 GMT", "Content-Length: 1"), "7"),
    "204",
  ],
  ["TE and trailers", get("/lamp/n", "TE: trailers, deflate;q=0.5", "Connection: TE"), "200"],
  [
    "Connection with a list in capitals",
    get("/lamp/n", "Connection: Keep-Alive, CLOSE"),
    "200",
    /^Connection: close/im,
  ],
  ["Max-Forwards and OPTIONS", raw(["OPTIONS /lamp/n HTTP/1.1", H, "Max-Forwards: 0"]), "204"],
  ["a byte over 127 in a field", get("/lamp/n", "X-A: \xe9"), "200"],
  ["an empty field", get("/lamp/n", "X-A:", "Accept:"), "200"],
];
