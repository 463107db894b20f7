// In which order run-tests.mjs runs the files of tests, which changes nothing but how long all of them take together.

/** Files that take 10 s and more, the longest first: what was measured last. */
export const LONGEST = [
  "cli/accounts",
  "faulty-things/every-wire",
  "server/worst-inputs/worst-inputs",
  "things/autofocus",
  "cli/serve",
  "cli/launch-command",
  "cli/stop",
  "server/access/login-limits",
  "processes/supervised-process",
  "server/access/tokens",
  "cli/serve-recorder",
  "things/over-http",
  "docs/examples",
  "recording/continuous-recording",
  "faults/soak",
  "stories/description-only",
  "faults/cancelling",
  "things/remote-camera",
  "adapters/pythiags/probe",
  "cli/client-commands",
  "adapters/filers/hostile-clients",
  "system/debian-chroot",
  "system/nemesis",
  "system/disk-faults",
  "system/power-cuts",
  "system/login-page",
  "system/dashboard",
  "system/pipeline-recorder",
  "system/delete-in-use",
  "system/pythiags-examples",
  "system/launch-probes",
  "system/export",
  "system/recordings-page",
  "system/actions-page",
  "system/recordings-restart",
  "system/accessible-pages",
  "system/instruments",
  "system/page-pictures",
  "system/starters",
  "interop/nats/work-lost",
  "interop/nats/work",
  "interop/nats/fleet",
  "interop/nats/mirror",
  "interop/nats/hostile",
  "interop/pystreaming/pystreaming",
  "interop/schemathesis",
  "interop/thorvision",
  "interop/playground",
];

/** Files of which one runs at a time: their clients take UDP port 9001, as pythorvision's do. */
export const APART = ["system/thorvision-client", "system/coming-from-thorvision"];

/** Files that need all of the processor for what they measure: each has it to itself. */
export const ALONE = ["system/crowds", "system/disk-and-viewers"];

/** Files that measure pictures, answers or programs in milliseconds of the machine: one for each core runs, before the others. */
export const MEASURING = [
  "system/chromium-viewer",
  "system/launch-heals",
  "system/pipeline-faults",
  "system/proxies",
  "system/stalled-viewers",
  "system/thorvision",
  "interop/filers",
];

/**
 * Only with THINGSCOPE_LONG=1, or when they are named: in the emulated machine each takes a minute, and the others pass the same
 * drivers; the rest takes a minute of processor time each, most of it in npx and in browsers.
 */
export const LONG_ONLY = [
  "interop/mqtt/home-assistant-core",
  "interop/nats/bucket-full",
  "interop/nats/cluster",
  "interop/nats/dashboard",
  "interop/nats/laboratory",
  "interop/nats/replicas",
  "interop/pages",
  "system/many-windows",
  "vm/attacked",
  "vm/commands",
  "vm/program-on-webcam",
  "vm/serve-webcam",
  "vm/served-webcam",
  "vm/shared-device",
  "vm/twins",
  "vm/unplugged",
  "vm/webcam",
];
