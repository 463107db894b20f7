const NAMES: Readonly<Record<number, string>> = {
  270: "ImageDescription",
  272: "Model",
  274: "Orientation",
  305: "Software",
  306: "DateTime",
  33434: "ExposureTime",
  36867: "DateTimeOriginal",
  36881: "OffsetTimeOriginal",
  37510: "UserComment",
  37521: "SubSecTimeOriginal",
};

/** The tags of the EXIF block that stands first in a JPEG, read as its standard has them. */
export function exifIn(jpeg: Uint8Array): Record<string, string | number> {
  const file = Buffer.from(jpeg);
  if (file.toString("latin1", 6, 12) !== "Exif\0\0") throw new Error("There is no EXIF.");
  const tiff = file.subarray(12, 4 + file.readUInt16BE(4));
  if (tiff.toString("latin1", 0, 4) !== "II*\0") throw new Error("It is not little endian.");
  return directoryAt(tiff, tiff.readUInt32LE(4));
}

function directoryAt(tiff: Buffer, at: number): Record<string, string | number> {
  const found: Record<string, string | number> = {};
  let before = 0;
  for (let n = 0; n < tiff.readUInt16LE(at); n++) {
    const entry = at + 2 + 12 * n;
    const tag = tiff.readUInt16LE(entry);
    if (tag <= before) throw new Error("Tags are not in order.");
    before = tag;
    const type = tiff.readUInt16LE(entry + 2);
    const count = tiff.readUInt32LE(entry + 4);
    const size = count * (type === 5 ? 8 : type === 4 ? 4 : type === 3 ? 2 : 1);
    const place = size <= 4 ? entry + 8 : tiff.readUInt32LE(entry + 8);
    if (tag === 0x8769) Object.assign(found, directoryAt(tiff, tiff.readUInt32LE(place)));
    const name = NAMES[tag];
    if (!name) continue;
    if (type === 3) {
      found[name] = tiff.readUInt16LE(place);
      continue;
    }
    const text = tiff.toString("utf8", place, place + size);
    found[name] =
      type === 5
        ? tiff.readUInt32LE(place) / tiff.readUInt32LE(place + 4)
        : text.replace(/\0$/, "");
  }
  return found;
}
