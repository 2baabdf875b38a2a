import { dirname, join } from "node:path/posix";
import { faultAt, isTest, type SourceFile } from "./source-file.ts";

type Rule = { readonly folder: RegExp; readonly may: readonly string[] };

/** Small modules that every service may use; a folder that becomes one is added here. */
const shared = ["config", "log", "health", "http", "database", "run", "callback-token"];
const foundation = [...shared.map((name) => `services/${name}/`), "db/client/", "functions/protocol/"];
const started = ["worker", "callback", "scheduler"].flatMap((name) => [
  `services/${name}/start-${name}.ts`,
  `services/${name}/settings.ts`,
]);

/** What the files of a folder may import besides their own folder; the first rule that fits a folder counts. */
const rules: readonly Rule[] = [
  { folder: /^functions\/protocol\//, may: [] },
  { folder: /^functions\/(kit)\//, may: ["functions/protocol/"] },
  { folder: /^functions\/mail\//, may: ["functions/protocol/", "functions/kit/"] },
  { folder: /^functions\/serve\//, may: ["functions/protocol/", "functions/kit/", "functions/mail/"] },
  {
    folder: /^functions\/[^/]+\//,
    may: ["functions/protocol/", "functions/kit/", "functions/mail/", "functions/serve/"],
  },
  { folder: /^db\//, may: [] },
  { folder: /^services\/job-service\//, may: [...foundation, ...started] },
  { folder: /^services\/[^/]+\//, may: foundation },
];

const imported = /(?:\bfrom|\bimport)\s*\(?\s*"([^"]+)"/g;

/** Gives a fault for each import that goes up, or across, against the way of the data. Tests and scripts import anything. */
export function findImportFaults(files: readonly SourceFile[]): string[] {
  return files.filter(({ path }) => /\.tsx?$/.test(path) && !isTest(path)).flatMap(faultsOfImports);
}

function faultsOfImports(file: SourceFile): string[] {
  const rule = rules.find(({ folder }) => folder.test(file.path));
  const own = rule && file.path.match(rule.folder)?.[0];
  if (rule === undefined || own === undefined) return [];
  return [...file.text.matchAll(imported)]
    .map(({ index, 1: name = "" }) => ({ index, target: targetOf(file.path, name) }))
    .filter(
      ({ target }) => target !== undefined && ![own, ...rule.may].some((path) => target.startsWith(path)),
    )
    .map(({ index, target }) => faultAt(file, index, `${own} may not import ${target}.`));
}

/** Gives the path that an import means, or undefined for a package. */
function targetOf(from: string, name: string): string | undefined {
  if (name.startsWith("#protocol/")) return `functions/protocol/${name.slice("#protocol/".length)}.ts`;
  if (name.startsWith("#db/")) return `db/client/${name.slice("#db/".length)}.ts`;
  return name.startsWith(".") ? join(dirname(from), name) : undefined;
}
