import { ThingError } from "./errors.ts";

/** What the system says when a camera cannot be had, in words and numbers, and what a person can do. */
const TROUBLES: readonly {
  readonly code: string;
  readonly words: RegExp;
  readonly sentence: string;
}[] = [
  {
    code: "ENOSPC",
    words: /No space left on device|ENOSPC|STREAMON|Buffer pool activation failed/i,
    sentence:
      "USB has no bandwidth left for this camera: another one on the same bus uses it. Use a USB port of another controller, a smaller size or rate, or MJPEG instead of raw pictures",
  },
  {
    code: "EBUSY",
    words: /Device or resource busy|device '?[^']*'? is busy|EBUSY/i,
    sentence:
      "The camera is busy: another program has it open. Close that program (fuser -v /dev/video* names it), then try again",
  },
  {
    code: "EACCES",
    words: /Permission denied|EACCES/i,
    sentence:
      "This user may not open the camera. Add the user to the group 'video' (sudo usermod -aG video $USER), then log in again",
  },
  {
    code: "ENODEV",
    words: /No such device|No such file or directory|Cannot identify device|ENODEV/i,
    sentence:
      "The camera is not there: it was unplugged, or has another number now. Plug it in, and look at /dev/v4l/by-id/ for its name",
  },
];

const MORE_CODES: Readonly<Record<string, string>> = {
  EPERM: "EACCES",
  ENXIO: "ENODEV",
  ESHUTDOWN: "ENODEV",
};
const DEVICE = /\/dev\/|v4l2|video4linux|libcamera|\busb\b/i;

/**
 * Plain words for what keeps a device from being opened, with what the system said in brackets; undefined for anything else.
 * @param trouble - An error of the system, or the text of a program that speaks of a device.
 */
export function deviceTrouble(trouble: unknown): string | undefined {
  if (typeof trouble === "string") {
    const found = DEVICE.test(trouble) && TROUBLES.find(({ words }) => words.test(trouble));
    return found ? sentenceOf(found.sentence, trouble) : undefined;
  }
  if (!(trouble instanceof Error) || trouble instanceof ThingError) return undefined;
  const code =
    "code" in trouble ? String(trouble.code) : /\bE[A-Z]{3,}\b/.exec(trouble.message)?.[0];
  const found = TROUBLES.find((one) => one.code === (MORE_CODES[code ?? ""] ?? code));
  if (!found) return undefined;
  const said = trouble.message.includes(found.code)
    ? trouble.message
    : `${found.code} ${trouble.message}`;
  return sentenceOf(found.sentence, said);
}

function sentenceOf(sentence: string, said: string): string {
  return `${sentence} (${said.trim().replace(/(?<!\.)\.+$/, "")}).`;
}
