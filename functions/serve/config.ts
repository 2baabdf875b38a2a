import * as z from "zod";

const expected = "expected a port from 0 to 65535";

/** Settings of a function's own server, read where it runs as a container or a local program. */
export const functionServerSettings = z.object({
  PORT: z
    .string()
    .regex(/^\d{1,5}$/, expected)
    .transform(Number)
    .pipe(z.number().max(65_535, expected))
    .default(8080)
    .describe("Port that the function listens on; 0 takes a free one. 8080 is what Knative expects."),
});
