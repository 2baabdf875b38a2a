/** The beginning of a body, as text. */
export type BodyStart = {
  readonly text: string;
  /** Whether that is all of it, or it is longer than the limit, or it broke off. */
  readonly end: "whole" | "longer" | "lost";
};

/**
 * Reads a body's text up to a limit in bytes, and cancels what is left: a peer's answer may never end. Never rejects; bytes that are not
 * UTF-8 become U+FFFD.
 */
export async function readStart(body: ReadableStream<Uint8Array> | null, limit: number): Promise<BodyStart> {
  if (body === null) return { text: "", end: "whole" };
  const reader = body.getReader();
  const decoder = new TextDecoder();
  let text = "";
  let left = limit;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return { text: text + decoder.decode(), end: "whole" };
      text += decoder.decode(value.subarray(0, left), { stream: true });
      left -= value.byteLength;
      if (left < 0) {
        await reader.cancel();
        return { text: text + decoder.decode(), end: "longer" };
      }
    }
  } catch {
    // The connection was lost within the body; what came before counts.
    return { text: text + decoder.decode(), end: left < 0 ? "longer" : "lost" };
  }
}
