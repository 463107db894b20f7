// A virtual webcam in a process of its own, so that what it costs is not counted. Prints its node.
import { VirtualWebcam } from "../../test/vm/webcam/virtual-webcam.ts";

const webcam = new VirtualWebcam({ name: "Bench Camera", serial: "BENCH" });
console.log(await webcam.plugIn(0));
