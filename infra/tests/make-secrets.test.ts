import { expect, test } from "bun:test";
import { makeSecrets } from "./make-secrets.ts";

test("the secrets are made once, the same for both sides of a signature, and never shown", async () => {
  const { made, words, output } = await makeSecrets(2);
  expect(made).toEqual([
    "functions/mailgun",
    "functions/signing",
    "jobs/jobs-db-scaler",
    "jobs/jobs-db-service",
    "jobs/signing",
  ]);
  const signing = /JOBS_SIGNING_SECRETS=(whsec_[\w+/]{43}=)\n/;
  const secret = signing.exec(words["jobs/signing"] ?? "")?.[1];
  expect(secret).toBeDefined();
  expect(signing.exec(words["functions/signing"] ?? "")?.[1]).toBe(secret);
  expect(words["jobs/jobs-db-service"]).toMatch(
    /username=jobs_service\n--from-literal=password=[\w+/]{43}=\n/,
  );
  expect(output).not.toContain(secret ?? "whsec_");
  expect(output.match(/is there/g)).toHaveLength(5);
});
