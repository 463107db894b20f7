// A camera server whose pictures carry who they are. Its arguments: the port, and the how-manyth launch of it this is.
import { createHash } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { MJPEGStream, stream, Thing, ThingHost, ThingServer } from "thingscope";
import { now } from "../../src/base/clock.ts";
import { jpegOf } from "../frames/jpegs.ts";
import { withComment } from "../outputs/pictures.ts";

class Source extends Thing {
  @stream("Stamped pictures") readonly live = new MJPEGStream();
}

const [port, launch = ""] = process.argv.slice(2);
const host = new ThingHost();
const source = new Source();
host.add("source", source);
await new ThingServer(host).listen({ port: Number(port) });
const jpeg = await jpegOf(640, 400, { quality: 50 });
const start = now();
for (let n = 0; ; n++) {
  await sleep(start + (n * 1000) / 30 - now());
  const seal = createHash("sha256").update(`${launch}/${n}`).digest("hex").slice(0, 16);
  source.live.addFrame(withComment(jpeg, `launch=${launch} n=${n} seal=${seal}`));
}
