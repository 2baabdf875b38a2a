import { faultAt, isTest, type SourceFile } from "./source-file.ts";

const named =
  /^export (?:declare |default |async |abstract )*(?:const|let|function\*?|class|type|interface|enum) ([\w$]+)/;

/**
 * Gives a fault for each export without a docstring right above it.
 *
 * It reads lines, not syntax: the formatter puts every export of a module at the start of a line. What is only passed on
 * (`export { x } from`) has its docstring where it is defined; later overloads of a function have the first one's.
 */
export function findUndocumentedExports(files: readonly SourceFile[]): string[] {
  return files.filter(({ path }) => /\.tsx?$/.test(path) && !isTest(path)).flatMap(undocumented);
}

function undocumented(file: SourceFile): string[] {
  const lines = file.text.split("\n");
  const documented = new Set<string>();
  let index = 0;
  const faults: string[] = [];
  for (const [row, line] of lines.entries()) {
    const name = line.match(named)?.[1] ?? (line.startsWith("export default ") ? "default" : undefined);
    if (name !== undefined) {
      if (lines[row - 1]?.endsWith("*/")) documented.add(name);
      else if (!documented.has(name))
        faults.push(faultAt(file, index, `The export ${name} has no docstring.`));
    }
    index += line.length + 1;
  }
  return faults;
}
