import { dirname, join, normalize } from "node:path/posix";
import { z } from "zod";
import { faultAt, type SourceFile } from "./source-file.ts";

const packageFile = z.object({ packageManager: z.string(), scripts: z.record(z.string(), z.string()) });

const command = /\bbun(?:@[\w.]+)? run (?:--\w+ )?([a-z][\w./:-]*)/g;
const pinned = /\bbun@\d[\d.]*\d/g;
// Code comes first, so that what looks like a link within it is none.
const mention = /`([^`\n]+)`|\]\(([^)\s]+)\)/g;
const ourFolder = /^(?:db|docs|functions|services|infra|scripts|\.ci|\.github)\//;
const placeholder = /[*…<>{}$\s]|\b[A-Z]{2,}\b(?!\.md)/;

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

/**
 * Gives a fault for each link, and each path in backticks that begins with a folder of ours, at which there is nothing; and for each
 * link to a heading that its page does not have.
 */
export function findPathFaults(files: readonly SourceFile[]): string[] {
  const known = new Set(["LICENSE", ...files.flatMap(({ path }) => [path, ...parentsOf(path)])]);
  const anchors = new Map(documentsOf(files).map((file) => [file.path, anchorsOf(file.text)]));
  return documentsOf(files).flatMap((file) =>
    [...file.text.matchAll(mention)].flatMap(({ index, 1: code, 2: link }) => {
      const target = pathOf(code, link);
      const path = target === undefined ? file.path : normalize(join(dirname(file.path), target));
      if (target !== undefined && !known.has(target) && !known.has(path))
        return [faultAt(file, index, `There is nothing at ${target}.`)];
      const anchor = /^[^:]*#(.+)$/.exec(link ?? "")?.[1];
      if (anchor === undefined || (anchors.get(path)?.has(anchor) ?? true)) return [];
      return [faultAt(file, index, `${target ?? path} has no heading #${anchor}.`)];
    }),
  );
}

/** Gives a fault for each citation "protocol §N" of a section that docs/protocol.md does not have. */
export function findProtocolFaults(files: readonly SourceFile[]): string[] {
  const text = files.find(({ path }) => path === "docs/protocol.md")?.text ?? "";
  const sections = new Set([...text.matchAll(/^#{2,3} ([\d.]*\d)\.? /gm)].map(([, number]) => number));
  return files
    .filter(({ path }) => !path.startsWith("scripts/check/"))
    .flatMap((file) =>
      [...file.text.matchAll(/\bprotocol §(\d+(?:\.\d+)*)/g)]
        .filter(([, number]) => !sections.has(number))
        .map(({ index, 1: number }) => faultAt(file, index, `docs/protocol.md has no section ${number}.`)),
    );
}

const readmeWords = 1200;
const folderLines = 40;

/** Gives a fault for a README that is too long to be read: the repository's by its words, a folder's by its lines. */
export function findLengthFaults(files: readonly SourceFile[]): string[] {
  return files.flatMap((file) => {
    if (!/(^|\/)README\.md$/.test(file.path)) return [];
    if (file.path === "README.md") {
      const words = file.text.trim().split(/\s+/).length;
      if (words <= readmeWords) return [];
      return [
        `README.md:1: The README has at most ${readmeWords} words, this one ${words}. Move what is not for the first minute to docs/.`,
      ];
    }
    const lines = file.text.trimEnd().split("\n").length;
    if (lines <= folderLines) return [];
    return [
      `${file.path}:${folderLines + 1}: A folder's README has at most ${folderLines} lines, this one ${lines}. Move history and figures to docs/.`,
    ];
  });
}

/** Gives the documents among the files; the changelog speaks of what was, too. */
export function documentsOf(files: readonly SourceFile[]): SourceFile[] {
  return files.filter(({ path }) => path.endsWith(".md") && path !== "CHANGELOG.md");
}

/** Gives the path that a mention means, without its anchor, or undefined where it means something else. */
function pathOf(code: string | undefined, link: string | undefined): string | undefined {
  const path = (code ?? link ?? "").replace(/[#?].*$/, "").replace(/[:,.]?\/?$/, "");
  const isOurs = code === undefined ? path !== "" && !/^\w+:/.test(path) : ourFolder.test(`${path}/`);
  return isOurs && !placeholder.test(path) ? path : undefined;
}

/** Gives the anchors of a document's headings, as GitHub and most site builders make them. */
function anchorsOf(text: string): Set<string> {
  const counts = new Map<string, number>();
  const withoutCode = text.replaceAll(/^ *```[\s\S]*?^ *```$/gm, "");
  return new Set(
    [...withoutCode.matchAll(/^#{1,6} (.+)$/gm)].map(([, title = ""]) => {
      const words = title.replaceAll(/\[([^\]]*)\]\([^)]*\)/g, "$1").toLowerCase();
      const anchor = words.replaceAll(/[^\p{L}\p{N}\s_-]/gu, "").replaceAll(" ", "-");
      const count = counts.get(anchor) ?? 0;
      counts.set(anchor, count + 1);
      return count === 0 ? anchor : `${anchor}-${count}`;
    }),
  );
}

function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === "." ? [] : [parent, ...parentsOf(parent)];
}
