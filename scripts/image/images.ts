import packageFile from "../../package.json" with { type: "json" };
import type { ImageSource } from "./engine.ts";
import { functionNames } from "./programs.ts";

/** Gives every image of the repository by what it runs: `knative-jobs/NAME`, tagged with the version. */
export function imagesOf(revision: string): ReadonlyMap<string, ImageSource> {
  const args = { VERSION: packageFile.version, REVISION: revision };
  const sourceOf = (name: string, file: string, more: Readonly<Record<string, string>> = {}) =>
    [
      name,
      { tag: tagOf(name), dockerfile: `infra/images/${file}.Dockerfile`, args: { ...args, ...more } },
    ] as const;
  return new Map([
    sourceOf("job-service", "job-service"),
    sourceOf("local-stack", "local-stack"),
    ...functionNames().map((name) => sourceOf(name, "function", { FUNCTION: name })),
  ]);
}

/** Gives an image's tag, as compose files and manifests have it. */
export function tagOf(name: string): string {
  return `knative-jobs/${name}:${packageFile.version}`;
}
