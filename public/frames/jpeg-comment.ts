const COMMENT = 0xfe;
const APP0 = 0xe0;
const APP15 = 0xef;
const LONGEST = 65_533;

/** The same JPEG with a comment behind its application markers. What makes the picture is not touched. */
export function withComment(jpeg: Uint8Array<ArrayBuffer>, text: string): Uint8Array<ArrayBuffer> {
  const comment = new TextEncoder().encode(text).subarray(0, LONGEST);
  const at = endOfApplicationMarkers(jpeg);
  const length = comment.length + 2;
  const all = new Uint8Array(jpeg.length + length + 2);
  all.set(jpeg.subarray(0, at));
  all.set([0xff, COMMENT, length >> 8, length & 0xff], at);
  all.set(comment, at + 4);
  all.set(jpeg.subarray(at), at + 4 + comment.length);
  return all;
}

/** Readers look for JFIF and Exif right behind the start of the file. */
function endOfApplicationMarkers(jpeg: Uint8Array): number {
  let at = 2;
  while (jpeg[at] === 0xff && jpeg[at + 1]! >= APP0 && jpeg[at + 1]! <= APP15) {
    at += 2 + 256 * jpeg[at + 2]! + jpeg[at + 3]!;
  }
  return Math.min(at, jpeg.length);
}
