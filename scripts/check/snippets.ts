import { documentsOf } from "./documents.ts";
import { faultAt, type SourceFile } from "./source-file.ts";

/** A block of code in a document. */
export type Snippet = {
  readonly file: SourceFile;
  /** Place of its text in the document's. */
  readonly index: number;
  readonly language: string;
  readonly text: string;
};

/** Languages that are checked: json and the paths of bash here, sql, ts and the command line by scripts/docs/snippets.test.ts. */
const languages = ["bash", "json", "sql", "ts", "text"];

const fence = /^ *```(\S*)\n([\s\S]*?)^ *```$/gm;
const ourPath = /(?<=^|[\s=@'"(])(?:db|docs|functions|infra|scripts|services)\/[\w.@/-]*\w/gm;

/** Gives the blocks of code of the documents among these files. */
export function snippetsOf(files: readonly SourceFile[]): Snippet[] {
  return documentsOf(files).flatMap((file) =>
    [...file.text.matchAll(fence)].map(({ 0: block, 1: language = "", 2: text = "", index }) => ({
      file,
      index: index + block.indexOf("\n") + 1,
      language,
      text,
    })),
  );
}

/** Gives a fault for each block of a language that nothing checks, each that is no JSON, and each path of a command at which there is nothing. */
export function findSnippetFaults(files: readonly SourceFile[]): string[] {
  const known = new Set(files.flatMap(({ path }) => [path, ...foldersOf(path)]));
  return snippetsOf(files).flatMap(({ file, index, language, text }) => {
    if (language === "json" && !isJson(text)) return [faultAt(file, index, "This is no JSON.")];
    if (!languages.includes(language) && !isDiagram(language))
      return [faultAt(file, index, `Nothing checks ${language}. Use one of ${languages.join(", ")}.`)];
    if (language !== "bash") return [];
    return [...text.matchAll(ourPath)]
      .filter(([path]) => !known.has(path) && !/[A-Z]{2,}/.test(path))
      .map(({ 0: path, index: at }) => faultAt(file, index + at, `There is nothing at ${path}.`));
  });
}

/** Pictures drawn in characters, and what is shown of a terminal, have no language. */
function isDiagram(language: string): boolean {
  return language === "";
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

function foldersOf(path: string): string[] {
  const parts = path.split("/");
  return parts.slice(1).map((_, length) => parts.slice(0, length + 1).join("/"));
}
