const version00 = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/;
const laterVersion =
  /^(?!00|ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}(-[\x21-\x7e]*)?$/;
// White space around a member is space and tab alone (OWS): `\s` would let a line break into the header.
const stateMember =
  /^[ \t]*(?:[a-z][a-z0-9_*/-]{0,255}|[a-z0-9][a-z0-9_*/-]{0,240}@[a-z][a-z0-9_*/-]{0,13})=[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e][ \t]*$/;

/** Tells whether a text is a traceparent (W3C Trace Context level 1, §3.2). Ids of zeros and version ff are not. */
export function isTraceparent(value: string): boolean {
  return version00.test(value) || (value.length <= 512 && laterVersion.test(value));
}

/** Tells whether a text is a tracestate (W3C Trace Context §3.3): at most 32 members, 512 characters. */
export function isTracestate(value: string): boolean {
  if (value.length > 512) return false;
  const members = value.split(",").filter((member) => !/^[ \t]*$/.test(member));
  return members.length > 0 && members.length <= 32 && members.every((member) => stateMember.test(member));
}
