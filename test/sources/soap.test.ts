import assert from "node:assert/strict";
import { test } from "node:test";
import { elementsIn, textIn } from "../../src/sources/soap.ts";
import { Elapsed } from "../elapsed.ts";
import { TEST_MS, WAIT_MS } from "../limits.ts";

test("elements are found by their whole name, with attributes, and text is without references", () => {
  const xml = `<ProfilesOf/><Profiles token="a&amp;b"\n><Name> x &lt;&#233; </Name></Profiles><Profiles>2</Profiles>`;
  assert.deepEqual(elementsIn(xml, "Profiles", 5), [
    { attributes: ' token="a&amp;b"\n', content: "<Name> x &lt;&#233; </Name>" },
    { attributes: "", content: "2" },
  ]);
  assert.equal(elementsIn(xml, "Profiles", 1).length, 1);
  assert.equal(textIn(xml, "Name"), "x <é");
  assert.equal(textIn(xml, "Profiles"), undefined);
  assert.equal(textIn(xml, "Uri"), undefined);
});

test("an answer of elements that only begin holds the server up no longer than any other", {
  timeout: TEST_MS,
}, () => {
  const elapsed = new Elapsed();
  for (const piece of ["<Uri ", "<Uri>", "<Uri", "<Uri a='"]) {
    const xml = piece.repeat((512 * 1024) / piece.length);
    assert.deepEqual(elementsIn(xml, "Uri", 32), []);
  }
  assert.ok(elapsed.ms < WAIT_MS);
});
