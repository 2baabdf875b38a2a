import { timingSafeEqual } from "node:crypto";
import type { Lease } from "#db/jobs";

// 132 bits of HMAC-SHA256: RFC 2104 §5 allows half of the hash's 256, and no fewer than 80.
const signatureLength = 22;
const form = /^([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([\w-]{22})$/;

/**
 * Gives the token that X-Callback-Url carries for a lease: the lease's own random token, signed.
 *
 * The random part is the authority and the fence, compared in the database. The signature lets the callback server
 * tell a lease that has passed on (409) from a forgery (401), and refuse forgeries without a query.
 */
export function signCallbackToken({ jobId, leaseToken }: Lease, key: string): string {
  return `${leaseToken}.${signature({ jobId, leaseToken }, key)}`;
}

/** Gives the lease that a token stands for, or null where no key has signed it for this job. */
export function readCallbackToken(jobId: string, token: string, keys: readonly string[]): Lease | null {
  const [, leaseToken, signed] = form.exec(token) ?? [];
  if (leaseToken === undefined || signed === undefined) return null;
  const lease = { jobId, leaseToken };
  const given = Buffer.from(signed);
  return keys.some((key) => timingSafeEqual(given, Buffer.from(signature(lease, key)))) ? lease : null;
}

/** Tells whether a text has the form of a token, whoever has signed it. */
export function isCallbackToken(token: string): boolean {
  return form.test(token);
}

// Bun's own hasher takes 0.6 µs here where node:crypto's takes 2 (Bun 1.4.5), once for each request.
function signature({ jobId, leaseToken }: Lease, key: string): string {
  const hmac = new Bun.CryptoHasher("sha256", key);
  return hmac.update(`${jobId}.${leaseToken}`).digest("base64url").slice(0, signatureLength);
}
