import * as fc from "fast-check";
import { header } from "../../../functions/protocol/headers.ts";

const oddTexts = fc.constantFrom(
  "0",
  "-1",
  "1e9",
  "NaN",
  "99999999999999999999999",
  "true",
  "false",
  "null",
  "' or 1=1 --",
  "../../etc",
  "%00",
  "%ff%fe",
  "a".repeat(4000),
  "ÿþ",
  "1,2",
  "1 2",
  "\t",
  "http://",
  "ftp://example.org",
  "http://[::1",
  "1970-01-01T00:00:00Z",
  "+275760-09-13T00:00:00.000Z",
  "9999-99-99",
  "whsec_",
  "v1,",
  "v1,AAAA",
  "response",
  "Infinity",
);
// What a header value may hold at all; fetch refuses the rest before it leaves.
const headerText = fc
  .string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((code) => String.fromCharCode(code)),
    maxLength: 60,
  })
  .filter((text) => !text.includes("\x7f"));
/** What no sender of ours says in a header. */
export const oddValues: fc.Arbitrary<string> = fc.oneof(oddTexts, headerText);
const otherNames = fc.constantFrom(
  "Content-Type",
  "Content-Encoding",
  "Accept-Encoding",
  "Transfer-Encoding",
  "Expect",
  "Origin",
  "Cookie",
  "Authorization",
  "X-Forwarded-For",
  "Range",
  "If-None-Match",
  "Upgrade",
  "TE",
);
/** Names of the protocol's headers, and of others that a server may trip over. */
export const oddNames: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...Object.values(header)),
  fc.constantFrom(...Object.values(header)),
  otherNames,
);

/** A few bytes of any kind. */
export const oddBytes: fc.Arbitrary<Uint8Array<ArrayBuffer>> = fc
  .uint8Array({ maxLength: 300 })
  .map((array) => new Uint8Array(array));
