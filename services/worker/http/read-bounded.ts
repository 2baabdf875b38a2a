/** Gives the first `limit` bytes of a response's body as text; the rest is not fetched. Bytes that are no UTF-8 are replaced. */
export async function readBounded(response: Response, limit: number): Promise<string> {
  const length = Number(response.headers.get("content-length") ?? Number.NaN);
  // What is packed may be a thousand times as long as it says.
  if (length <= limit && !response.headers.has("content-encoding")) return response.text();
  if (response.body === null) return "";

  const decoder = new TextDecoder();
  const reader = response.body.getReader();
  let text = "";
  for (let left = limit; left > 0; ) {
    const { done, value } = await reader.read();
    if (done) return text + decoder.decode();
    text += decoder.decode(value.subarray(0, left), { stream: true });
    left -= value.byteLength;
  }
  await reader.cancel();
  return text;
}
