import { access } from "node:fs/promises";
import { join } from "node:path";
import type { FoundCamera } from "./found-camera.ts";
import { listGenicam } from "./network/genicam-list.ts";
import { probeOnvif } from "./network/onvif-probe.ts";
import { browseServers } from "./network/thingscope-servers.ts";
import { RaspberryPiCameras } from "./raspberry-pi-cameras.ts";
import { SYSTEM_ROOTS, type SystemRoots } from "./roots.ts";
import type { SearchOptions, SearchResult } from "./search.ts";
import { V4l2Cameras, type V4l2Options } from "./v4l2-cameras.ts";
import { videoNodes } from "./video-nodes.ts";

/** How long the network is searched, ms. */
export const SEARCH_MS = 2000;

/** All cameras of this computer, one result for each way of looking for them. */
export async function findLocalCameras(options: V4l2Options = {}): Promise<SearchResult[]> {
  const { roots = SYSTEM_ROOTS } = options;
  const pi = new RaspberryPiCameras(roots);
  const [v4l2, csi, piNote] = await Promise.all([
    new V4l2Cameras(options).list(),
    pi.list(),
    pi.note(),
  ]);
  const why = v4l2.length > 0 ? undefined : await whyNone(roots);
  return [
    result("webcams and other cameras at /dev/video* (V4L2)", v4l2, why),
    ...(csi.length > 0 || piNote ? [result("cameras at the connector", csi, piNote)] : []),
  ];
}

/** All cameras that answer on the network within `ms`, one result for each way of looking for them. Never rejects. */
export function findNetworkCameras(options: SearchOptions): Promise<SearchResult[]> {
  return Promise.all([listGenicam(options), probeOnvif(options), browseServers(options)]);
}

function result(what: string, cameras: readonly FoundCamera[], note?: string): SearchResult {
  return { what, cameras, ...(note !== undefined && { note }) };
}

async function whyNone(roots: SystemRoots): Promise<string> {
  if (process.platform !== "linux") {
    return "Cameras of this system are not listed: configure a MacCamera or a WindowsCamera (docs/cameras.md).";
  }
  const folder = join(roots.sys, "class", "video4linux");
  const isThere = await access(folder).then(
    () => true,
    () => false,
  );
  const others = (await videoNodes(roots)).length;
  if (others > 0) {
    return `${others} video devices are there, but none is a camera: they are codecs or metadata.`;
  }
  const nothing = isThere ? `${folder} is empty` : `${folder} does not exist`;
  return `The system has no video device (${nothing}): plug the camera in; lsusb shows whether its cable works. In a virtual machine, pass the USB device on.`;
}
