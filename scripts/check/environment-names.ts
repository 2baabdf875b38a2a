import type { PartSettings } from "./settings-objects.ts";
import { faultAt, isTest, type SourceFile } from "./source-file.ts";

const read = /\b(?:env|environment)(?:\??\.|\[["'`])([A-Z][A-Z0-9_]+)\b/g;
const destructured = /\{([^{}]*)\}\s*=\s*(?:process|Bun)\.env\b/g;
const mentioned =
  /`([A-Z][A-Z0-9]*(?:_[A-Z0-9]+)*_(?:PORT|URL|HOST|KEY|DRY_RUN|SECONDS)|JOBS_[A-Z_]+|PG[A-Z]+)`/g;

/** Names that belong to the system or to a tool, and are no settings of ours. */
const foreign = [
  "PATH",
  "HOME",
  "TZ",
  "LC_ALL",
  "CI",
  "NO_COLOR",
  "FORCE_COLOR",
  "NODE_ENV",
  "GRAPHILE_ENV",
  "NODE_EXTRA_CA_CERTS",
];

type Named = { readonly file: SourceFile; readonly index: number; readonly name: string };

/** Gives a fault for each environment variable that sources read, or documents name, and no settings object has. */
export function findUnknownNames(files: readonly SourceFile[], all: readonly PartSettings[]): string[] {
  const known = new Set([...foreign, ...all.flatMap(({ settings }) => Object.keys(settings.shape))]);
  return files
    .flatMap((file) => (file.path.endsWith(".md") ? namesIn(file, mentioned) : namesReadBy(file)))
    .filter(({ name }) => !known.has(name))
    .map(({ file, index, name }) =>
      faultAt(file, index, `No settings.ts or config.ts has the variable ${name}.`),
    );
}

function namesReadBy(file: SourceFile): Named[] {
  if (!/\.[mc]?[jt]sx?$/.test(file.path) || isTest(file.path)) return [];
  const inBraces = namesIn(file, destructured).flatMap(({ index, name }) =>
    name.split(",").map((part) => ({ file, index, name: part.split(/[:=]/)[0]?.trim() ?? "" })),
  );
  return [...namesIn(file, read), ...inBraces.filter(({ name }) => name !== "")];
}

function namesIn(file: SourceFile, pattern: RegExp): Named[] {
  return [...file.text.matchAll(pattern)].map(({ index, 1: name = "" }) => ({ file, index, name }));
}
