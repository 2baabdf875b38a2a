import { expect, test } from "bun:test";
import { findDockerfileFaults } from "./dockerfiles.ts";
import { readRepository } from "./repository-files.ts";

const sound = `FROM oven/bun:1.4.5-slim AS build
COPY package.json bun.lock ./
RUN bun install --frozen-lockfile \\
    --production
COPY . .
FROM gcr.io/distroless/base-nossl-debian12:nonroot
COPY --from=build /out/ /
USER 65532:65532
HEALTHCHECK --interval=10s CMD ["/program", "health"]
ENTRYPOINT ["/program"]
`;

function faultsOf(dockerfile: string): string[] {
  return findDockerfileFaults([
    { path: "package.json", text: '{ "packageManager": "bun@1.4.5" }' },
    { path: "infra/images/a.Dockerfile", text: dockerfile },
  ]);
}

test("a Dockerfile that keeps every rule has no fault", () => expect(faultsOf(sound)).toEqual([]));

test.each([
  ["a base without a version", "FROM oven/bun:1.4.5-slim AS build", "FROM debian AS build", "debian may be"],
  [
    "the latest base",
    "gcr.io/distroless/base-nossl-debian12:nonroot",
    "debian:latest",
    "debian:latest may be",
  ],
  ["another version of Bun", "oven/bun:1.4.5-slim", "oven/bun:1.4.4-slim", "is not package.json's bun@1.4.5"],
  ["an install beside the lock file", "--frozen-lockfile ", "", "Add --frozen-lockfile"],
  ["sources before the install", "COPY package.json bun.lock ./", "COPY . .", "Copy the sources after"],
  ["root", "USER 65532:65532", "USER 0", "Add USER 65532:65532"],
  ["a user by name", "USER 65532:65532", "USER nonroot", "Add USER 65532:65532"],
  ["a shell's form", 'ENTRYPOINT ["/program"]', "ENTRYPOINT /program", "ENTRYPOINT needs a shell"],
  [
    "a health check by a shell",
    'CMD ["/program", "health"]',
    "CMD curl localhost",
    "HEALTHCHECK needs a shell",
  ],
  ["a download", "COPY --from=build /out/ /", "ADD https://example.com/a.tar /", "Use COPY"],
  ["a secret", "USER 65532:65532", "ENV MAILGUN_API_KEY=key\nUSER 65532:65532", "ENV keeps a secret"],
])("%s is a fault", (...[, right, wrong, message]) => {
  expect(faultsOf(sound.replace(right, wrong))).toEqual([expect.stringContaining(message)]);
});

test("the repository's Dockerfiles keep every rule", async () => {
  const files = await readRepository();
  expect(files.filter(({ path }) => path.endsWith("Dockerfile"))).toHaveLength(3);
  expect(findDockerfileFaults(files)).toEqual([]);
});
