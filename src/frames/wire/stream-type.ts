/** Media types that are no pictures of a camera, however lenient one is. */
const OTHER =
  /^(?:text\/(?:html|xml|css|javascript|event-stream)|application\/(?!octet-stream|x-octet|unknown)|audio\/|video\/(?!x-motion-jpeg|x-mjpeg|x-jpeg|mjpeg|jpeg)|font\/|model\/|image\/(?!jpe?g|pjpeg|jfif|\*))/i;

/** Whether a response of this type may be motion JPEG: multipart, pictures one after another, one picture, or not said. */
export function mayBePictures(contentType: string): boolean {
  return !OTHER.test(contentType.trim());
}

/** Whether a response says that it is one picture. */
export function isOnePicture(contentType: string): boolean {
  return /^image\//i.test(contentType.trim());
}

/** The coding of a response that cannot be read as it is; undefined for one that is not coded. */
export function codingOf(contentEncoding: string): string | undefined {
  return /^(?:x-)?(?:gzip|deflate|br|zstd|compress)\b/i.exec(contentEncoding.trim())?.[0];
}
