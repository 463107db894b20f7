// A camera server whose pictures carry who they are, in a comment and in their pixels. Its arguments: the port, the how-manyth
// launch of it this is, and the folder of the pictures 0.jpg, 1.jpg ..., which it shows in turn.
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { MJPEGStream, stream, Thing, ThingHost, ThingServer } from "thingscope";
import { now } from "../../src/base/clock.ts";
import { withComment } from "../streams/pictures.ts";

class Source extends Thing {
  @stream("Stamped pictures") readonly live = new MJPEGStream();
}

const [port, launch = "", folder = ""] = process.argv.slice(2);
const host = new ThingHost();
const source = new Source();
host.add("source", source);
await new ThingServer(host).listen({ port: Number(port) });
const pictures = readdirSync(folder).map((_, n) => readFileSync(join(folder, `${n}.jpg`)));
const start = now();
for (let n = 0; ; n++) {
  await sleep(start + (n * 1000) / 30 - now());
  const seal = createHash("sha256").update(`${launch}/${n}`).digest("hex").slice(0, 16);
  source.live.addFrame(
    withComment(pictures[n % pictures.length]!, `launch=${launch} n=${n} seal=${seal}`),
  );
}
