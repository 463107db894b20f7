// Prints what rpicam-vid and rpicam-still of rpicam-apps 1.5 print: stub NAME ARGUMENT...
const device = require("./device.cjs");

const [name, ...args] = process.argv.slice(2);
const LIST = `Available cameras
-----------------
0 : imx708_wide [4608x2592 10-bit RGGB] (/base/soc/i2c0mux/i2c@1/imx708@1a)
    Modes: 'SRGGB10_CSI2P' : 1536x864 [120.13 fps - (768, 432)/3072x1728 crop]
                             2304x1296 [56.03 fps - (0, 0)/4608x2592 crop]
                             4608x2592 [14.35 fps - (0, 0)/4608x2592 crop]

`;
const value = (option) =>
  args.find((word) => word.startsWith(`${option}=`))?.slice(option.length + 1);
const fail = (sentence) => {
  process.stderr.write(
    `[0:12:06.123456789] [1234]  INFO Camera camera_manager.cpp:313 libcamera v0.3.0\n${sentence}\n`,
  );
  process.exit(255);
};

function helpWithout(lacks) {
  const options =
    `width height framerate brightness contrast saturation sharpness ev shutter gain exposure metering awb denoise hflip
    vflip roi autofocus-mode autofocus-range lens-position`.split(/\s+/);
  const lines = options
    .filter((one) => !lacks.includes(one))
    .map((one) => `  --${one} arg             About it\n`);
  return `Valid options are:\n  -h [ --help ] [=arg(=1)] (=0)         Print this help message\n${lines.join("")}`;
}

if (args.includes("--version"))
  process.stdout.write("rpicam-apps build: v1.5.0 5dd9e0b1d5d1 03-06-2024\n");
else if (args.includes("--help"))
  process.stdout.write(helpWithout(device.isThere() ? (device.read().lacks ?? []) : []));
else if (args.includes("--list-cameras"))
  process.stdout.write(device.isThere() ? LIST : "No cameras available!\n");
else if (!device.isThere()) fail("ERROR: *** no cameras available ***");
else if (!device.take())
  fail("ERROR: *** failed to acquire camera /base/soc/i2c0mux/i2c@1/imx708@1a ***");
else {
  device.note([name, ...args]);
  if (Number(value("--shutter")) > 100_000_000) fail("ERROR: *** failed to start camera ***");
  if (name.endsWith("-still") && Number(value("--shutter")) === 10_000_000)
    setInterval(() => {}, 1000); // exposes
  else if (name.endsWith("-still")) device.picture("still.jpg");
  else
    device.stream("frame.jpg", Number(value("--framerate")), () =>
      fail("ERROR: *** Camera frontend has timed out! ***"),
    );
}
