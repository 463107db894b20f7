/** How to serve a camera of a kind. */
export interface CameraSnippet {
  readonly kind: string;
  /** A command that shows it at once, where there is one. */
  readonly command?: string;
  /** The entry of a configuration. */
  readonly yaml: string;
}

/** The entry of a Thing in a configuration in YAML. */
function entry(name: string, type: string, kwargs?: string): string {
  const lines = ["things:", `  ${name}:`, `    class: thingscope/things:${type}`];
  return [...lines, ...(kwargs === undefined ? [] : [`    kwargs: ${kwargs}`])].join("\n");
}

/** One for each kind of camera: those that people have most often first. */
export const CAMERA_SNIPPETS: readonly CameraSnippet[] = [
  {
    kind: "Webcam (V4L2)",
    command: "thingscope serve",
    yaml: entry("webcam", "V4L2Camera", "{ device: /dev/video0 }"),
  },
  {
    kind: "Raspberry Pi camera",
    command: "thingscope serve",
    yaml: entry("camera", "RaspberryPiCamera"),
  },
  {
    kind: "Network camera (RTSP, ONVIF)",
    command: "thingscope launch rtsp://user:password@192.168.1.64:554/stream1",
    yaml: entry(
      "yard",
      "RtspCamera",
      '{ url: "rtsp://192.168.1.64:554/stream1", username: viewer, password: "secret" }',
    ),
  },
  {
    kind: "MJPEG or snapshots over HTTP",
    command: "thingscope launch http://192.168.1.65/video.mjpg",
    yaml: entry("gate", "HttpCamera", '{ url: "http://192.168.1.65/video.mjpg" }'),
  },
  {
    kind: "Machine vision camera (GenICam)",
    command: "thingscope serve",
    yaml: entry("inspection", "GenicamCamera"),
  },
  { kind: "DSLR or mirrorless camera (gphoto2)", yaml: entry("studio", "DslrCamera") },
  { kind: "Screen", yaml: entry("desk", "ScreenCamera", '{ display: ":0", framerate: 10 }') },
  { kind: "Test card, without hardware", yaml: entry("camera", "TestCamera") },
];
