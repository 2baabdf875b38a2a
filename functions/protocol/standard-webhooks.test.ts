import { describe, expect, test } from "bun:test";
import { Webhook } from "standardwebhooks";
import { createSigner, createVerifier, readSecret } from "./signature.ts";
import { signatures as vectors } from "./vectors.json" with { type: "json" };

// Standard Webhooks 1.0: by vectors that node:crypto has made, and both ways with the standard's own library.

const secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
const other = `whsec_${Buffer.alloc(32, 7).toString("base64")}`;
const id = "0b5a1f3e-0000-4000-8000-000000000001:7";
const now = new Date();
const timestampSeconds = Math.floor(now.getTime() / 1000);
const body = '{ "to" : "☂ שלום" }';

test.each(vectors)("of $name, the fault is $fault", async (vector) => {
  const headers = new Headers();
  if (vector.id !== "") headers.set("webhook-id", vector.id);
  if (vector.timestamp !== "") headers.set("Webhook-Timestamp", vector.timestamp);
  if (vector.signature !== "") headers.set("webhook-signature", vector.signature);
  const verify = createVerifier(vector.secrets);
  const found = await verify({ headers, body: vector.body, now: new Date(vector.now * 1000) });
  expect<string | null>(found ?? null).toBe(vector.fault);
});

test.each(vectors.filter(({ fault, secrets }) => fault === null && secrets.length === 1))(
  "$name is signed so",
  async ({ secrets, signature, timestamp, ...message }) => {
    const signed = await createSigner(secrets)({ ...message, timestampSeconds: Number(timestamp) });
    expect(signature.split(" ")).toContain(signed["webhook-signature"] ?? "");
  },
);

describe("the standard's own library", () => {
  test("takes what we have signed, by each of two secrets", async () => {
    const headers = await createSigner([other, secret])({ id, timestampSeconds, body });
    for (const known of [secret, other])
      expect(new Webhook(known).verify(body, headers)).toEqual({ to: "☂ שלום" });
    expect(() => new Webhook(`whsec_${btoa("x".repeat(32))}`).verify(body, headers)).toThrow();
  });

  test("signs what we take", async () => {
    const headers = new Headers({
      "webhook-id": id,
      "webhook-timestamp": String(timestampSeconds),
      "webhook-signature": new Webhook(secret).sign(id, now, body),
    });
    expect(await createVerifier([other, secret])({ headers, body, now })).toBeUndefined();
    expect(await createVerifier([other])({ headers, body, now })).toBe("wrong");
  });
});

test.each([
  "",
  "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
  "whsec_",
  "whsec_short",
  `whsec_${btoa("x".repeat(23))}`,
  `whsec_${btoa("x".repeat(65))}`,
  "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLa_-",
])("%j is no secret, and an error does not repeat it", (text) => {
  expect(readSecret(text)).toBeUndefined();
  expect(() => createSigner([text])).toThrow("Cannot sign: a secret is not whsec_");
  expect(() => createVerifier([text])).toThrow("Cannot sign: a secret is not whsec_");
});
