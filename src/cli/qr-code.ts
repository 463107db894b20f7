import { encodeQR } from "qr";

const BLACK_ON_WHITE = "\u001b[30;107m";
const AS_BEFORE = "\u001b[0m";
/** By what is black above and below: a character is two modules high. */
const BLOCKS = { none: " ", above: "▀", below: "▄", both: "█" } as const;

/** A QR code for a terminal, dark or light: two modules in each character's height. */
export function qrCode(text: string): string {
  const modules = encodeQR(text, "raw", { ecc: "low", border: 2 });
  const lines: string[] = [];
  for (let y = 0; y < modules.length; y += 2) {
    const line = modules[y]!.map((isBlack, x) => blockOf(isBlack, modules[y + 1]?.[x] ?? false));
    lines.push(`  ${BLACK_ON_WHITE}${line.join("")}${AS_BEFORE}`);
  }
  return lines.join("\n");
}

function blockOf(above: boolean, below: boolean): string {
  if (above && below) return BLOCKS.both;
  return above ? BLOCKS.above : below ? BLOCKS.below : BLOCKS.none;
}
