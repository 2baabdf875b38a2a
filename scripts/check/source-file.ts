/** A text file of the repository; its path is relative to the root, with slashes. */
export type SourceFile = { readonly path: string; readonly text: string };

/** Gives a fault as a line that terminals and editors can follow: `file:line: message`. */
export function faultAt(file: SourceFile, index: number, message: string): string {
  return `${file.path}:${file.text.slice(0, index).split("\n").length}: ${message}`;
}

/** Gives a fault for each place of a file's text that the pattern finds. The pattern needs the flag `g`. */
export function faultsOf(
  file: SourceFile,
  pattern: RegExp,
  messageOf: (match: RegExpExecArray) => string,
): string[] {
  return [...file.text.matchAll(pattern)].map((match) => faultAt(file, match.index, messageOf(match)));
}

/** Whether a path is of a test or of what only tests use. */
export function isTest(path: string): boolean {
  return /\.test\.tsx?$|(^|\/)(testing|tests|e2e|runtime-tests)\//.test(path);
}
