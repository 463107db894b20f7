// An origin in a process of its own: `{"folder": "...", "port": 0, "jpeg": "base64"}` says where it is, and what it shows 25 times a second.
import { logTo, ThingHost, ThingServer } from "thingscope";
import { Microscope } from "./origins.ts";

const { folder, port, jpeg } = JSON.parse(process.argv[2]!);
const picture = Buffer.from(jpeg, "base64");
const host = new ThingHost({ settingsFolder: folder, log: logTo(() => {}) });
const microscope = new Microscope();
host.add("microscope", microscope);
const { port: bound } = await new ThingServer(host).listen({ port });
setInterval(() => microscope.live.offerFrame(picture), 40);
process.on("message", () => process.send!({ viewers: microscope.live.viewers.count }));
process.send!({ port: bound });
