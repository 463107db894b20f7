// Notes programs that begin and end, one after the other.
import { forgetChild, noteChild } from "../../src/processes/leftovers.ts";

for (let n = 0; n < 100; n++) {
  noteChild(2, "first");
  if (n % 20 === 0) await new Promise(setImmediate);
  noteChild(3, "second");
  forgetChild(2);
  forgetChild(3);
}
noteChild(2, "last");
await new Promise(setImmediate);
forgetChild(2);
