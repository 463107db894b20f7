import assert from "node:assert/strict";
import { test } from "node:test";
import { expandTemplate } from "../../src/client/uri-template.ts";

/** The variables of RFC 6570's examples. */
const VARIABLES = {
  dom: ["example", "com"],
  dub: "me/too",
  hello: "Hello World!",
  half: "50%",
  var: "value",
  who: "fred",
  base: "http://example.com/home/",
  path: "/foo/bar",
  list: ["red", "green", "blue"],
  keys: { semi: ";", dot: ".", comma: "," },
  v: 6,
  x: 1024,
  y: 768,
  empty: "",
  empty_keys: {},
  undef: null,
};

/** What they give: sections 3.2.2 to 3.2.9. */
const EXAMPLES: Readonly<Record<string, string>> = {
  "{var}": "value",
  "{hello}": "Hello%20World%21",
  "{half}": "50%25",
  "O{empty}X": "OX",
  "O{undef}X": "OX",
  "{x,hello,y}": "1024,Hello%20World%21,768",
  "?{x,empty}": "?1024,",
  "?{x,undef}": "?1024",
  "?{undef,y}": "?768",
  "{var:3}": "val",
  "{var:30}": "value",
  "{list}": "red,green,blue",
  "{list*}": "red,green,blue",
  "{keys}": "semi,%3B,dot,.,comma,%2C",
  "{keys*}": "semi=%3B,dot=.,comma=%2C",
  "{+hello}": "Hello%20World!",
  "{+half}": "50%25",
  "{base}index": "http%3A%2F%2Fexample.com%2Fhome%2Findex",
  "{+base}index": "http://example.com/home/index",
  "O{+empty}X": "OX",
  "{+path}/here": "/foo/bar/here",
  "up{+path}{var}/here": "up/foo/barvalue/here",
  "{+x,hello,y}": "1024,Hello%20World!,768",
  "{+path:6}/here": "/foo/b/here",
  "{+keys*}": "semi=;,dot=.,comma=,",
  "X{#var}": "X#value",
  "{#path:6}/here": "#/foo/b/here",
  "{#list*}": "#red,green,blue",
  "foo{#empty}": "foo#",
  "foo{#undef}": "foo",
  "{.who}": ".fred",
  "{.half,who}": ".50%25.fred",
  "www{.dom*}": "www.example.com",
  "X{.empty}": "X.",
  "X{.keys*}": "X.semi=%3B.dot=..comma=%2C",
  "X{.empty_keys*}": "X",
  "{/who,dub}": "/fred/me%2Ftoo",
  "{/var,empty}": "/value/",
  "{/var:1,var}": "/v/value",
  "{/list*,path:4}": "/red/green/blue/%2Ffoo",
  "{/keys*}": "/semi=%3B/dot=./comma=%2C",
  "{;who}": ";who=fred",
  "{;empty}": ";empty",
  "{;v,empty,who}": ";v=6;empty;who=fred",
  "{;hello:5}": ";hello=Hello",
  "{;list}": ";list=red,green,blue",
  "{;list*}": ";list=red;list=green;list=blue",
  "{;keys}": ";keys=semi,%3B,dot,.,comma,%2C",
  "{;keys*}": ";semi=%3B;dot=.;comma=%2C",
  "{?x,y,empty}": "?x=1024&y=768&empty=",
  "{?x,y,undef}": "?x=1024&y=768",
  "{?var:3}": "?var=val",
  "{?list*}": "?list=red&list=green&list=blue",
  "{?keys*}": "?semi=%3B&dot=.&comma=%2C",
  "?fixed=yes{&x}": "?fixed=yes&x=1024",
  "{&list}": "&list=red,green,blue",
};

test("templates give what RFC 6570 says, for every operator and modifier", () => {
  for (const [template, expected] of Object.entries(EXAMPLES))
    assert.equal(expandTemplate(template, VARIABLES), expected, template);
});

test("a template takes no variable but those that were given, and any value that was", () => {
  const expand = (template: string, x: unknown) => expandTemplate(template, { x });
  assert.equal(expand("t{?constructor,toString,__proto__}", 1), "t");
  assert.equal(expand("{?x}", false), "?x=false");
  assert.equal(expand("{?x}", 0), "?x=0");
  assert.equal(expand("t{?x}", []), "t");
  assert.equal(expand("t{?x}", [null, undefined]), "t");
  assert.equal(expand("{?x}", [null, 1]), "?x=1");
  assert.equal(expand("{x:1}", "\u{1f52c}!"), "%F0%9F%94%AC");
  assert.equal(expand("{x}", "half \ud83d"), "half%20%EF%BF%BD");
  assert.equal(expand("a b%20c\u00e9{x}", 1), "a b%20c\u00e91");
});
