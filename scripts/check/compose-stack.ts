import { z } from "zod";
import type { SourceFile } from "./source-file.ts";

const text = z.union([z.string(), z.number(), z.boolean()]).transform(String);
const duration = z.string().regex(/^\d+s$/);

const service = z.object({
  image: z.string().default(""),
  command: z.array(z.string()).default([]),
  build: z.object({ dockerfile: z.string(), args: z.record(z.string(), text).default({}) }).optional(),
  environment: z.record(z.string(), text).default({}),
  ports: z.array(z.string()).default([]),
  volumes: z.array(z.string()).default([]),
  healthcheck: z.object({ disable: z.boolean().default(false) }).optional(),
  depends_on: z.record(z.string(), z.object({ condition: z.string() })).default({}),
  restart: z.string().optional(),
  read_only: z.boolean().default(false),
  cap_drop: z.array(z.string()).default([]),
  security_opt: z.array(z.string()).default([]),
  stop_grace_period: duration.optional(),
});

const composeFile = z.object({
  name: z.string(),
  services: z.record(z.string(), service),
  volumes: z.record(z.string(), z.unknown()).default({}),
});

/** A service of a compose file, its aliases followed. */
export type ComposeService = z.infer<typeof service> & { readonly name: string; readonly file: SourceFile };

/** The services of all compose files, which include each other, and what they declare. */
export type ComposeStack = {
  readonly services: readonly ComposeService[];
  readonly volumes: ReadonlySet<string>;
  readonly projects: ReadonlySet<string>;
};

/** Gives the repository's compose files. */
export function composeFilesOf(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(({ path }) => /^docker-compose[\w.-]*\.yml$/.test(path));
}

/**
 * Gives what compose files hold together.
 *
 * @throws ZodError where a file is not what these checks understand.
 */
export function readComposeStack(files: readonly SourceFile[]): ComposeStack {
  const parsed = composeFilesOf(files).map((file) => ({
    file,
    ...composeFile.parse(Bun.YAML.parse(file.text)),
  }));
  return {
    services: parsed.flatMap(({ file, services }) =>
      Object.entries(services).map(([name, each]) => ({ ...each, name, file })),
    ),
    volumes: new Set(parsed.flatMap(({ volumes }) => Object.keys(volumes))),
    projects: new Set(parsed.map(({ name }) => name)),
  };
}
