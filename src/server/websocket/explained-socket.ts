import { WebSocket } from "ws";
import { countedLimit } from "../../base/limit-hits.ts";

const tooLarge = countedLimit("websocket_messages");

/** Why `ws` itself closes a WebSocket, by its code. */
const REASONS: Readonly<Record<number, string>> = {
  1002: "What came is not a WebSocket message (RFC 6455). Check the program, or the proxy before it.",
  1007: "A text message is not UTF-8. Send pictures and other data as binary messages.",
  1008: "A message came in too many pieces. Send it in one, or in larger ones.",
};
/** Bytes: a control frame has no room for more. */
const LONGEST_REASON = 123;

/**
 * A class of WebSockets for a server with this `maxPayload`, bytes. `ws` closes one whose client breaks a rule with a code alone;
 * these say the reason, too.
 */
export function explainedSocket(maxPayload: number): typeof WebSocket {
  return class extends WebSocket {
    override close(code?: number, reason?: string | Buffer): void {
      const isTooLarge = code === 1009 && reason === undefined && this.readyState === this.OPEN;
      if (isTooLarge) tooLarge.hit();
      const why =
        code === 1009
          ? `A message has more than ${maxPayload} bytes, the most that is accepted here. Send smaller ones.`
          : REASONS[code ?? 0];
      super.close(code, closeReason(reason ?? why ?? ""));
    }
  };
}

/** As much of a reason as a close frame can hold, without half a character. */
export function closeReason(text: string | Buffer): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length <= LONGEST_REASON) return bytes;
  let end = LONGEST_REASON;
  while (((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, end);
}
