export const H = "Host: 127.0.0.1";
const H2C =
  "Connection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAEAAEAAAAIAAAAA";
export const JSON_BODY = "Content-Type: application/json";
export const LAST = "Connection: close";

/** Lines of a request's head, and what follows it. */
export const raw = (head: readonly string[], body = "") => `${head.join("\r\n")}\r\n\r\n${body}`;
export const get = (path: string, ...fields: string[]) =>
  raw([`GET ${path} HTTP/1.1`, H, ...fields]);
export const put = (...fields: string[]) => ["PUT /lamp/n HTTP/1.1", H, JSON_BODY, ...fields];

export type Vector = readonly [name: string, bytes: string, statuses: string, found?: RegExp];

/** Bytes of a client, the statuses of the answers, and what must be in them. */
export const VECTORS: readonly Vector[] = [
  // Upgrades that nobody has to take: RFC 9110, 7.8
  ["h2c with GET", get("/lamp/n", H2C), "200"],
  ["h2c with GET and a length of 0, as JDK 17", get("/lamp/n", H2C, "Content-Length: 0"), "200"],
  ["h2c with a body", raw(put(H2C, "Content-Length: 1"), "7"), "204"],
  ["h2c with chunks", raw(put(H2C, "Transfer-Encoding: chunked"), "1\r\n7\r\n0\r\n\r\n"), "204"],
  [
    "h2c, and the connection stays",
    get("/lamp/n", H2C) + get("/lamp/n", H2C) + get("/lamp/n"),
    "200 200 200",
  ],
  [
    "h2c behind a request in front",
    get("/lamp/n") + get("/nothing", H2C) + get("/lamp/n"),
    "200 404 200",
  ],
  [
    "h2c behind a body",
    raw(put("Content-Length: 1"), "7") + get("/lamp/n", H2C),
    "204 200",
    /\r\n\r\n7$/,
  ],
  ["TLS/1.0", get("/lamp/n", "Connection: Upgrade", "Upgrade: TLS/1.0, h2c"), "200"],
  [
    "websocket in HTTP/1.0",
    raw(["GET /lamp/n HTTP/1.0", "Connection: Upgrade", "Upgrade: websocket"]),
    "200",
  ],
  [
    "websocket with PUT",
    raw(put("Connection: Upgrade", "Upgrade: websocket", "Content-Length: 1"), "7"),
    "204",
  ],
  ["h2c where nothing is", get("/nothing", H2C), "404"],
  ["h2c to a foreign host", raw(["GET /lamp/n HTTP/1.1", "Host: evil.example", H2C]), "421"],
  // Accept: RFC 9110, 12.5.1
  [
    "events refused by q=0",
    get("/lamp/n", "Accept: text/event-stream;q=0, application/json"),
    "200",
    /^Content-Type: application\/json/im,
  ],
  [
    "events refused alone",
    get("/lamp/n", "Accept: text/event-stream;q=0.0"),
    "200",
    /^Content-Type: application\/json/im,
  ],
  [
    "JSON wanted more",
    get("/lamp/n", "Accept: text/event-stream; q=0.1 , application/json"),
    "200",
    /^Content-Type: application\/json/im,
  ],
  [
    "anything wanted more",
    get("/lamp/n", "Accept: text/event-stream;q=0.5, */*"),
    "200",
    /^Content-Type: application\/json/im,
  ],
  [
    "events wanted more",
    get("/lamp/n", "Accept: application/json;q=0.5, Text/Event-Stream;charset=utf-8"),
    "200",
    /^Content-Type: text\/event-stream/im,
  ],
  [
    "events first of two alike",
    get("/lamp/n", "Accept: text/event-stream, application/json"),
    "200",
    /^Content-Type: text\/event-stream/im,
  ],
  [
    "events and anything alike",
    get("/lamp/n", "Accept: */*, text/event-stream"),
    "200",
    /^Content-Type: text\/event-stream/im,
  ],
  ["any text", get("/lamp/n", "Accept: text/*"), "200", /^Content-Type: application\/json/im],
  [
    "a comma in quotes",
    get("/lamp/n", 'Accept: application/json;p="a,text/event-stream"'),
    "200",
    /^Content-Type: application\/json/im,
  ],
  [
    "a q that is none",
    get("/lamp/n", "Accept: text/event-stream;q=2, */*;q=x, ;;, /"),
    "200",
    /^Content-Type: application\/json/im,
  ],
  [
    "a type that is not there",
    get("/lamp/n", "Accept: image/png"),
    "200",
    /^Content-Type: application\/json/im,
  ],
  [
    "two Accept fields",
    get("/lamp/n", "Accept: application/json", "Accept: text/event-stream;q=0.1"),
    "200",
    /^Content-Type: application\/json/im,
  ],
  // Bodies: RFC 9112, 6 and 7
  [
    "no body of a type",
    raw([
      "POST /lamp/blink HTTP/1.1",
      H,
      "Content-Type: application/octet-stream",
      "Content-Length: 0",
    ]),
    "200",
  ],
  [
    "no body and no length",
    raw(["POST /lamp/blink HTTP/1.1", H, "Content-Type: text/plain"]),
    "200",
  ],
  [
    "a body of another type",
    raw(["POST /lamp/blink HTTP/1.1", H, "Content-Type: text/plain", "Content-Length: 2"], "{}"),
    "415",
  ],
  [
    "chunks with extensions and trailers",
    raw(put("Transfer-Encoding: chunked", "Trailer: X-Sum"), "1;a=b\r\n7\r\n0\r\nX-Sum: 1\r\n\r\n"),
    "204",
  ],
  ["Chunked in capitals", raw(put("Transfer-Encoding: Chunked"), "1\r\n7\r\n0\r\n\r\n"), "204"],
  [
    "an unknown transfer coding",
    raw(put("Transfer-Encoding: gzip, chunked"), "1\r\n7\r\n0\r\n\r\n"),
    "501",
  ],
  [
    "chunks in HTTP/1.0",
    raw(
      ["PUT /lamp/n HTTP/1.0", H, JSON_BODY, "Transfer-Encoding: chunked"],
      "1\r\n7\r\n0\r\n\r\n",
    ),
    "400",
  ],
  ["a compressed body", raw(put("Content-Encoding: gzip", "Content-Length: 1"), "7"), "415"],
  ["100-continue", raw(put("Expect: 100-continue", "Content-Length: 1"), "7"), "100 204"],
  ["an unknown expectation", raw(put("Expect: coffee", "Content-Length: 1"), "7"), "417"],
  [
    "GET with a body",
    raw(["GET /lamp/n HTTP/1.1", H, "Content-Length: 2"], "{}") + get("/lamp/n"),
    "200 200",
  ],
  // What two readers could understand differently: RFC 9112, 6.3 and 11.2
  ["two lengths", raw(put("Content-Length: 1", "Content-Length: 2"), "77"), "400"],
  [
    "a length and chunks",
    raw(put("Content-Length: 1", "Transfer-Encoding: chunked"), "1\r\n7\r\n0\r\n\r\n"),
    "400",
  ],
  ["a length with a sign", raw(put("Content-Length: +1"), "7"), "400"],
  ["a space before the colon", raw(put("Content-Length : 1"), "7"), "400"],
  ["a chunk of no number", raw(put("Transfer-Encoding: chunked"), "x\r\n7\r\n0\r\n\r\n"), "400"],
  [
    "chunked twice",
    raw(put("Transfer-Encoding: chunked", "Transfer-Encoding: chunked"), "1\r\n7\r\n0\r\n\r\n"),
    "501|400",
  ],
  ["a bare line feed", `GET /lamp/n HTTP/1.1\nHost: 127.0.0.1\n\n`, "400"],
  ["a folded field", raw(["GET /lamp/n HTTP/1.1", H, "X-A: b\r\n c"]), "400|200"],
  ["two hosts", raw(["GET /lamp/n HTTP/1.1", H, "Host: evil.example"]), "400"],
  ["no host", raw(["GET /lamp/n HTTP/1.1"]), "400"],
  ["a field of no name", raw(["GET /lamp/n HTTP/1.1", H, ": x"]), "400"],
  // Targets: RFC 9112, 3.2; RFC 3986, 6.2.2
  ["an absolute target", get("http://127.0.0.1/lamp/n"), "200"],
  [
    "an absolute target of another name",
    raw(["GET http://lab.example/lamp/ HTTP/1.1", H]),
    "200",
    /"base":"https?:\/\/lab\.example\/"/,
  ],
  [
    "an absolute target of a foreign host",
    raw(["GET http://evil.example/lamp/n HTTP/1.1", H]),
    "421",
  ],
  ["an absolute target without a path", get("http://127.0.0.1?a=b"), "200"],
  ["OPTIONS of everything", raw(["OPTIONS * HTTP/1.1", H]), "204", /^Allow: .*PUT/im],
  ["GET of everything", get("*"), "400"],
  ["a target of another scheme", get("ftp://127.0.0.1/lamp/n"), "400"],
  ["no slash", get("lamp/n"), "400"],
  ["letters in percent", get("/l%61mp/%6e"), "200"],
  ["letters in percent of a parameter", get("/action%5Finvocations/%61"), "404"],
  ["a slash in percent", get("/lamp%2Fn"), "404"],
  ["half a percent", get("/action_invocations/%zz"), "400"],
  ["two slashes in front", get("//lamp/n"), "404"],
  ["two slashes", get("/lamp//n"), "404"],
  ["slashes alone", get("//"), "404"],
  ["dots", get("/lamp/../lamp/n"), "404"],
  ["dots in percent", get("/x/%2e%2e/lamp/n"), "404"],
  ["the wrong slash", get("/lamp?a=b"), "307", /^Location: \/lamp\/\?a=b\r$/im],
  ["a long target", get(`/lamp/n?${"a".repeat(9000)}`), "414"],
  ["a target longer than a head", get(`/lamp/n?${"a".repeat(70_000)}`), "414"],
  ["a long head", get("/lamp/n", `X-Long: ${"a".repeat(70_000)}`), "431"],
  // Methods: RFC 9110, 9
  ["a method that is not allowed", raw(["DELETE /lamp/n HTTP/1.1", H]), "405", /^Allow: .*PUT/im],
  ["TRACE", raw(["TRACE /lamp/n HTTP/1.1", H]), "405", /^Allow: /im],
  ["CONNECT", raw(["CONNECT 127.0.0.1:80 HTTP/1.1", H]), "501"],
  ["a method that nobody knows", raw(["BREW /lamp/n HTTP/1.1", H]), "501"],
  ["methods in small letters", raw(["get /lamp/n HTTP/1.1", H]), "501"],
  ["not HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01", "400"],
  ["HTTP/2 without asking", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "400"],
  // Conditions: RFC 9110, 13
  ["If-None-Match: *", get("/lamp/", "If-None-Match: *"), "304"],
  ["If-None-Match of another", get("/lamp/", 'If-None-Match: "a", W/"b,c"'), "200"],
  ["If-Match of another", get("/lamp/", 'If-Match: "a"'), "412"],
  ["If-Match: *", get("/lamp/", "If-Match: *"), "200"],
  ["PUT unless it is there", raw(put("If-None-Match: *", "Content-Length: 1"), "7"), "412"],
  ["PUT of what nobody was told", raw(put('If-Match: "a"', "Content-Length: 1"), "7"), "412"],
  ["PUT where it is there", raw(put("If-Match: *", "Content-Length: 1"), "7"), "204"],
  ["a Range of what has none", get("/lamp/", "Range: bytes=0-1"), "200"],
  // Connections: RFC 9112, 9.3
  ["HTTP/1.0", raw(["GET /lamp/n HTTP/1.0"]), "200", /^Connection: close/im],
  [
    "HTTP/1.0 that stays",
    raw(["GET /lamp/n HTTP/1.0", "Connection: keep-alive"]).repeat(2),
    "200 200",
    /^Connection: keep-alive/im,
  ],
  ["HTTP/1.1 that goes", get("/lamp/n", LAST), "200", /^Connection: close/im],
  ["HTTP/1.2", raw(["GET /lamp/n HTTP/1.2", H]), "200|400|505"],
];
