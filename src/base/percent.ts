/**
 * Percent-encoded text as it was meant, where it may be no such text: `%25` is a percent sign, and so is one that begins no such
 * sequence, as in `http://admin:100%sure@camera/`.
 */
export function decodePercent(text: string): string {
  return text.replace(/(?:%[0-9a-f]{2})+/gi, (escaped) => {
    try {
      return decodeURIComponent(escaped);
    } catch {
      return escaped; // no UTF-8: it was meant as it stands
    }
  });
}
