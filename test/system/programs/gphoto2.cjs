// Prints what gphoto2 2.5.28 prints for a Canon: stub gphoto2 ARGUMENT...
const device = require("./device.cjs");

const args = process.argv.slice(3);
const HINT =
  "For debugging messages, please use the --debug option.\nDebugging messages may help finding a solution to your problem.\n";
const fail = (number, words, sentence = "") => {
  process.stdout.write(HINT);
  process.stderr.write(
    `\n*** Error ***              \n${sentence}\n*** Error (${number}: '${words}') ***       \n\n`,
  );
  process.exit(1);
};
const OPCODE = `/main/actions/opcode
Label: PTP Opcode
Readonly: 0
Type: TEXT
Current: 0x1001,0xparam1,0xparam2
END
`;
const radio = (path, label, choices, current) =>
  `${path}\nLabel: ${label}\nReadonly: 0\nType: RADIO\nCurrent: ${current}\n${choices.map((one, n) => `Choice: ${n} ${one}\n`).join("")}END\n`;
const CHOICES = {
  "/main/imgsettings/iso": ["ISO Speed", ["Auto", "100", "200", "400"]],
  "/main/imgsettings/imageformat": ["Image Format", ["Large Fine JPEG", "RAW"]],
  "/main/capturesettings/shutterspeed": ["Shutter Speed", ["1/60", "1/125", "bulb"]],
};
const settings = (values) =>
  `${OPCODE}/main/status/batterylevel
Label: Battery Level
Readonly: 1
Type: TEXT
Current: 75%
END
/main/settings/datetime
Label: Camera Date and Time
Readonly: 0
Type: DATE
Current: 1589000000
Printable: Sat 09 May 2020 04:53:20 AM UTC
END
/main/settings/reviewtime
Label: Quick Review Time
Readonly: 0
Type: RANGE
Current: ${values["/main/settings/reviewtime"]}
Bottom: 0
Top: 8
Step: 2
END
/main/other/d049
Label: PTP Property 0xd049
Readonly: 0
Type: TEXT
Current: 0
END
${Object.entries(CHOICES)
  .map(([path, [label, choices]]) => radio(path, label, choices, values[path]))
  .join("")}`;

if (args.includes("--version")) process.stdout.write("gphoto2 2.5.28\n");
else if (!device.isThere()) fail(-105, "Unknown model", "Could not detect any camera");
else if (!device.take())
  fail(
    -53,
    "Could not claim the USB device",
    "An error occurred in the io-library ('Could not claim the USB device'): Could not claim interface 0 (Device or resource busy).",
  );
else {
  device.note(["gphoto2", ...args]);
  const values = device.read();
  if (args.includes("--list-all-config")) process.stdout.write(settings(values));
  for (const [index, word] of args.entries()) {
    if (word !== "--set-config-value") continue;
    const [path, value] = args[index + 1].split("=");
    if (value === "bulb")
      fail(-2, "Bad parameters", "Failed to set new value bulb for configuration entry.");
    values[path] = value;
    device.write(values);
  }
  if (args.includes("--capture-movie")) {
    process.stderr.write("Capturing preview frames as movie to 'stdout'. Press Ctrl-C to abort.\n");
    device.stream("frame.jpg", 25, () =>
      fail(
        -7,
        "I/O problem",
        "An error occurred in the io-library ('I/O problem'): No such device",
      ),
    );
  }
  if (args.includes("--capture-image-and-download"))
    values["/main/imgsettings/imageformat"] === "RAW"
      ? process.stdout.write("II*\0CR\x02\0")
      : device.picture("still.jpg");
}
