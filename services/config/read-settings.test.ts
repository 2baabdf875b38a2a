import { expect, test } from "bun:test";
import { z } from "zod";
import { httpUrl } from "./kinds.ts";
import { ConfigError, readSettings } from "./read-settings.ts";

const schema = z.object({
  GATEWAY: httpUrl(),
  DATABASE: z.url({ protocol: /^postgres$/, error: "expected a postgres:// URL" }).meta({ secret: true }),
});

test("an error repeats neither a secret nor the password in a URL that is none", () => {
  const env = { GATEWAY: "ftp://ada:s3cret@gateway/x", DATABASE: "mysql://ada:s3cret@db" };
  const error = (() => {
    try {
      return readSettings("the worker", schema, env);
    } catch (thrown) {
      return thrown;
    }
  })();
  if (!(error instanceof ConfigError)) throw new Error("It was not refused.");
  expect(error.message).toContain('(given: "ftp://…@gateway/x")');
  expect(error.message).toContain("expected a postgres:// URL (value not shown)");
  expect(error.message).not.toContain("s3cret");
});
