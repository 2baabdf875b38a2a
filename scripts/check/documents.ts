import { dirname, join, normalize } from "node:path/posix";
import { z } from "zod";
import { faultAt, type SourceFile } from "./source-file.ts";

const packageFile = z.object({ packageManager: z.string(), scripts: z.record(z.string(), z.string()) });

const command = /\bbun(?:@[\w.]+)? run (?:--\w+ )?([a-z][\w./:-]*)/g;
const pinned = /\bbun@\d[\d.]*\d/g;
const mention = /`([^`\s]+)`|\]\(([^)\s]+)\)/g;
const ourFolder = /^(?:db|functions|services|infra|scripts|\.ci|\.github)\//;
const placeholder = /[*…<>{}$]|\b[A-Z]{2,}\b(?!\.md)/;

/** Gives a fault for each command of a document that package.json does not have, and each other version of Bun. */
export function findCommandFaults(files: readonly SourceFile[]): string[] {
  const text = files.find(({ path }) => path === "package.json")?.text ?? "{}";
  const { packageManager, scripts } = packageFile.parse(JSON.parse(text));
  const known = new Set([...Object.keys(scripts), ...files.map(({ path }) => path)]);
  return documentsOf(files).flatMap((file) => [
    ...[...file.text.matchAll(command)]
      .filter(([, name = ""]) => !known.has(name.replace(/[.:]$/, "")))
      .map(({ index, 1: name }) => faultAt(file, index, `package.json has no script ${name}.`)),
    ...[...file.text.matchAll(pinned)]
      .filter(([version]) => version !== packageManager)
      .map(({ index, 0: version }) =>
        faultAt(file, index, `${version} is not package.json's ${packageManager}.`),
      ),
  ]);
}

/** Gives a fault for each link, and each path in backticks that begins with a folder of ours, at which there is nothing. */
export function findPathFaults(files: readonly SourceFile[]): string[] {
  const known = new Set(["LICENSE", ...files.flatMap(({ path }) => [path, ...parentsOf(path)])]);
  return documentsOf(files).flatMap((file) =>
    [...file.text.matchAll(mention)]
      .map(({ index, 1: code, 2: link }) => ({ index, target: pathOf(code, link) }))
      .filter(({ target }) => target !== undefined && !known.has(target))
      .filter(({ target = "" }) => !known.has(normalize(join(dirname(file.path), target))))
      .map(({ index, target }) => faultAt(file, index, `There is nothing at ${target}.`)),
  );
}

/** Gives the path that a mention means, without its anchor, or undefined where it means something else. */
function pathOf(code: string | undefined, link: string | undefined): string | undefined {
  const path = (code ?? link ?? "").replace(/[#?].*$/, "").replace(/[:,.]?\/?$/, "");
  const isOurs = code === undefined ? path !== "" && !/^\w+:/.test(path) : ourFolder.test(`${path}/`);
  return isOurs && !placeholder.test(path) ? path : undefined;
}

function documentsOf(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(({ path }) => path.endsWith(".md") && path !== "CHANGELOG.md");
}

function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === "." ? [] : [parent, ...parentsOf(parent)];
}
