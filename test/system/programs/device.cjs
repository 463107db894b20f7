// The device that the stub programs beside this file share: one program at a time has it, as USB and libcamera have it.
const { existsSync, readFileSync, writeFileSync, unlinkSync, appendFileSync } = require("node:fs");
const { join } = require("node:path");

const folder = process.env.STUB_FOLDER;
const lock = join(folder, "lock");

exports.isThere = () => existsSync(join(folder, "device.json"));
exports.read = () => JSON.parse(readFileSync(join(folder, "device.json"), "utf8"));
exports.write = (state) => writeFileSync(join(folder, "device.json"), JSON.stringify(state));
exports.note = (words) => appendFileSync(join(folder, "calls"), `${JSON.stringify(words)}\n`);

/** Whether the device is this process's now, until it ends. */
exports.take = () => {
  if (existsSync(lock) && isRunning(Number(readFileSync(lock, "utf8")))) return false;
  writeFileSync(lock, String(process.pid));
  process.on("exit", () => {
    if (readFileSync(lock, "utf8") === String(process.pid)) unlinkSync(lock);
  });
  for (const signal of ["SIGINT", "SIGTERM"]) process.on(signal, () => process.exit(0));
  return true;
};

/** JPEGs one after another, until the device is gone or the process is ended. */
exports.stream = (file, framesPerSecond, gone) => {
  const jpeg = readFileSync(join(folder, file));
  setInterval(
    () => (exports.isThere() ? process.stdout.write(jpeg) : gone()),
    1000 / framesPerSecond,
  );
};

exports.picture = (file) => process.stdout.write(readFileSync(join(folder, file)));

function isRunning(pid) {
  try {
    process.kill(pid, 0);
    return pid !== process.pid;
  } catch {
    return false;
  }
}
