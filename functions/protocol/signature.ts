import { type HeaderSource, header } from "./headers.ts";

/**
 * Standard Webhooks signatures of job requests (specification 1.0: symmetric, `v1`).
 *
 * A signature is HMAC-SHA256 over `webhook-id.webhook-timestamp.body`, so it covers which job it is, when it was sent, and every byte
 * of the payload. Any library of the standard verifies what is signed here.
 *
 * **Rotation.** Several secrets may be in force: a worker signs with each, and a function takes what any of its own has signed. To
 * replace one, give functions both, then workers the new one, then take the old one from the functions.
 */
export type SignedMessage = {
  /** The same for every try; without a dot, which parts the fields of what is signed. */
  readonly id: string;
  /** Whole seconds since 1970. */
  readonly timestampSeconds: number;
  readonly body: string;
};

/** Why a message is not taken: it has no signature, one of no secret here, or it was signed too long ago or ahead of time. */
export type SignatureFault = "unsigned" | "wrong" | "stale";

/** How far the sender's clock and the way here may be apart, in seconds; five minutes, as the standard's own libraries have it. */
export const signatureToleranceSeconds = 300;

const prefix = "whsec_";

/** What the standard allows: 24 to 64 bytes. */
const secretBytes = { least: 24, most: 64 };

/** More signatures than secrets can be in force are not looked at. */
const signatureLimit = 10;

/** Gives the bytes of a secret, `whsec_` and base64, or undefined for what is none. */
export function readSecret(secret: string): Uint8Array<ArrayBuffer> | undefined {
  if (!secret.startsWith(prefix)) return undefined;
  const bytes = fromBase64(secret.slice(prefix.length));
  const { least, most } = secretBytes;
  return bytes !== undefined && bytes.length >= least && bytes.length <= most ? bytes : undefined;
}

/**
 * Gives a function that signs messages with every one of these secrets, and gives the three headers.
 *
 * @throws Error for a text that is no secret; it is not repeated.
 */
export function createSigner(
  secrets: readonly string[],
): (message: SignedMessage) => Promise<Record<string, string>> {
  const keys = createKeys(secrets);
  return async (message) => {
    const content = contentOf(message);
    const signatures = (await keys()).map(async (key) => {
      const bytes = new Uint8Array(await crypto.subtle.sign("HMAC", key, content));
      return `v1,${toBase64(bytes)}`;
    });
    return {
      [header.webhookId]: message.id,
      [header.webhookTimestamp]: String(message.timestampSeconds),
      [header.webhookSignature]: (await Promise.all(signatures)).join(" "),
    };
  };
}

/** A message as it came, and the time now. */
export type VerifyOptions = { readonly headers: HeaderSource; readonly body: string; readonly now: Date };

/**
 * Gives a function that tells what is wrong with a message's signature; undefined where one of these secrets has made it.
 *
 * Signatures are compared by `crypto.subtle.verify`, which takes the same time wherever they differ. The age is told only of a
 * message that is signed, so that nobody learns of a clock without a secret.
 *
 * @throws Error for a text that is no secret; it is not repeated.
 */
export function createVerifier(
  secrets: readonly string[],
): (options: VerifyOptions) => Promise<SignatureFault | undefined> {
  const keys = createKeys(secrets);
  return async ({ headers, body, now }) => {
    const id = headers.get(header.webhookId) ?? "";
    const timestamp = headers.get(header.webhookTimestamp) ?? "";
    const signatures = (headers.get(header.webhookSignature) ?? "").split(" ").filter((text) => text !== "");
    if (id === "" || timestamp === "" || signatures.length === 0) return "unsigned";
    if (!/^[1-9]\d{0,11}$/.test(timestamp)) return "wrong";

    const timestampSeconds = Number(timestamp);
    const content = contentOf({ id, timestampSeconds, body });
    if (!(await isSigned(content, signatures.slice(0, signatureLimit), await keys()))) return "wrong";
    const ageSeconds = now.getTime() / 1000 - timestampSeconds;
    return Math.abs(ageSeconds) > signatureToleranceSeconds ? "stale" : undefined;
  };
}

async function isSigned(
  content: Uint8Array<ArrayBuffer>,
  signatures: readonly string[],
  keys: readonly CryptoKey[],
): Promise<boolean> {
  for (const signature of signatures) {
    const bytes = signature.startsWith("v1,") ? fromBase64(signature.slice(3)) : undefined;
    if (bytes === undefined) continue;
    for (const key of keys) if (await crypto.subtle.verify("HMAC", key, bytes, content)) return true;
  }
  return false;
}

function contentOf({ id, timestampSeconds, body }: SignedMessage): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(`${id}.${timestampSeconds}.${body}`);
}

/** Keys are kept, not promises of them: in workerd a promise belongs to the request that made it. */
function createKeys(secrets: readonly string[]): () => Promise<readonly CryptoKey[]> {
  const raw = secrets.map((secret) => {
    const bytes = readSecret(secret);
    if (bytes !== undefined) return bytes;
    throw new Error("Cannot sign: a secret is not whsec_ and the base64 of 24 to 64 bytes.");
  });
  let known: readonly CryptoKey[] | undefined;
  return async () => {
    known ??= await Promise.all(raw.map(importKey));
    return known;
  };
}

function importKey(bytes: Uint8Array<ArrayBuffer>): Promise<CryptoKey> {
  return crypto.subtle.importKey("raw", bytes, { name: "HMAC", hash: "SHA-256" }, false, ["sign", "verify"]);
}

function fromBase64(text: string): Uint8Array<ArrayBuffer> | undefined {
  if (!/^[A-Za-z0-9+/]+={0,2}$/.test(text) || text.length % 4 !== 0) return undefined;
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0));
}

function toBase64(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes));
}
