import assert from "node:assert/strict";
import { test } from "node:test";
import {
  type EndpointResponse,
  endpoint,
  MJPEGStream,
  property,
  stream,
  Thing,
  ThingHost,
} from "thingscope";
import { Type } from "typebox";
import { thingModelOf } from "../../src/core/thing-model.ts";

const answer = (): EndpointResponse => ({ contentType: "text/plain", body: "" });

/** What is said of a class that cannot be a Thing. */
function complaint(make: () => new () => Thing): string {
  try {
    thingModelOf(new (make())());
  } catch (error) {
    return error instanceof Error ? error.message : "";
  }
  return "";
}

test("names that need the same path are told, with the way out", () => {
  const twice = complaint(() => {
    class Twice extends Thing {
      @property("A", Type.Integer(), { name: "live_frame" }) accessor a = 1;
      @stream("B") readonly live = new MJPEGStream();
    }
    return Twice;
  });
  assert.equal(
    twice,
    "Twice has two affordances that need the name 'live_frame': the stream 'live' and the property 'live_frame'. Rename one.",
  );
  for (const name of ["ws", "properties", "a b"]) {
    const odd = complaint(() => {
      class Odd extends Thing {
        @property("A", Type.Integer(), { name }) accessor a = 1;
      }
      return Odd;
    });
    assert.match(odd, /Give it another name/, name);
  }
});

test("an endpoint that could not be reached is refused, with the way out", () => {
  const cases: [string, RegExp][] = [
    ["/notes", /no path below its Thing\. Write segments like view\/:page/],
    ["notes/", /no path below its Thing/],
    ["notes?page=1", /no path below its Thing/],
    ["level", /begins with a name that belongs to the property 'level'\. Choose another path\./],
    ["level/reset", /belongs to the property 'level'/],
    ["ws", /belongs to a route of every Thing/],
  ];
  for (const [path, sentence] of cases) {
    const said = complaint(() => {
      class Notes extends Thing {
        @property("Level", Type.Integer()) accessor level = 1;
        @endpoint("GET", path, "view") notes() {
          return answer();
        }
      }
      return Notes;
    });
    assert.match(said, sentence, path);
  }
});

test("a name that the Python client has itself is warned of", () => {
  class Shadow extends Thing {
    @property("Where its file is", Type.String()) accessor path = "";
  }
  const { warnings } = thingModelOf(new Shadow());
  assert.match(warnings.join(), /property 'path', which the Python ThingClient cannot reach/);
});

test("a Thing's name is one that fits its URL", () => {
  class Plain extends Thing {}
  const host = new ThingHost();
  host.add("a", new Plain());
  const cases: [string, RegExp][] = [
    ["things", /is reserved for a route/],
    ["a", /is taken/],
    ["a b", /has characters other than/],
    ["", /has characters other than/],
  ];
  for (const [name, why] of cases) assert.throws(() => host.add(name, new Plain()), why);
});
