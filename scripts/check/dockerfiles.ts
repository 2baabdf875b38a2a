import { faultAt, type SourceFile } from "./source-file.ts";

/** One instruction of a Dockerfile, its continued lines joined. */
type Instruction = { readonly index: number; readonly name: string; readonly words: string };

const secret = /SECRET|PASSWORD|PASSWD|TOKEN|API_KEY|PRIVATE_KEY|CREDENTIAL/i;
const execForm = /^(?:NONE$|(?:--\S+\s+)*(?:CMD\s+)?\[\s*"[\s\S]*\]$)/;

/** Gives a fault for each line of a Dockerfile that makes an image larger, less sure or less the same than it has to be. */
export function findDockerfileFaults(files: readonly SourceFile[]): string[] {
  const manager = files.find(({ path }) => path === "package.json")?.text ?? "";
  const bun = /"packageManager":\s*"bun@([^"]+)"/.exec(manager)?.[1] ?? "";
  return files.filter(({ path }) => path.endsWith("Dockerfile")).flatMap((file) => faultsIn(file, bun));
}

function faultsIn(file: SourceFile, bun: string): string[] {
  const all = instructionsOf(file.text);
  const faults = all.flatMap((instruction) =>
    faultsOfInstruction(instruction, bun, all).map((message) => faultAt(file, instruction.index, message)),
  );
  const last = all.slice(all.findLastIndex(({ name }) => name === "FROM"));
  const user = last.findLast(({ name }) => name === "USER")?.words ?? "";
  const isUser = /^[1-9]\d*(?::[1-9]\d*)?$/.test(user);
  return isUser
    ? faults
    : [...faults, faultAt(file, 0, "The image runs as no number of a user. Add USER 65532:65532.")];
}

function faultsOfInstruction(
  { index, name, words }: Instruction,
  bun: string,
  all: readonly Instruction[],
): string[] {
  switch (name) {
    case "FROM":
      return faultsOfBase(words, bun, all);
    case "ADD":
      return ["ADD fetches and unpacks. Use COPY."];
    case "ENV":
    case "ARG":
      return secret.test(words)
        ? [`${name} keeps a secret in the image. Give it when a container starts.`]
        : [];
    case "CMD":
    case "ENTRYPOINT":
    case "HEALTHCHECK":
      return execForm.test(words)
        ? []
        : [`${name} needs a shell, and keeps signals from the program. Write a list.`];
    case "RUN":
      return /\bbun install\b(?!.*--frozen-lockfile)/.test(words)
        ? ["Packages may be others than the lock file's. Add --frozen-lockfile."]
        : [];
    case "COPY":
      return /^\.\s/.test(words) &&
        all.some((each) => each.index > index && /\bbun install\b/.test(each.words))
        ? ["A change of any source installs all packages anew. Copy the sources after the install."]
        : [];
    default:
      return [];
  }
}

function faultsOfBase(words: string, bun: string, all: readonly Instruction[]): string[] {
  const image = words.replace(/^(?:--\S+\s+)*/, "").split(/\s+/)[0] ?? "";
  const stages = all.flatMap((each) =>
    each.name === "FROM" ? (/\sAS\s+(\S+)$/i.exec(each.words)?.[1] ?? []) : [],
  );
  if (image === "scratch" || stages.includes(image)) return [];
  if (!/:[^/:@]+(?:@sha256:\w+)?$/.test(image) || /:latest\b/.test(image))
    return [`${image} may be another image tomorrow. Name a version.`];
  if (image.includes("oven/bun:") && !image.includes(`oven/bun:${bun}-`))
    return [`${image} is not package.json's bun@${bun}.`];
  return [];
}

function instructionsOf(text: string): Instruction[] {
  const withoutComments = text.replaceAll(/^[ \t]*#.*$/gm, (comment) => " ".repeat(comment.length));
  const found = withoutComments.matchAll(/^[ \t]*([A-Za-z]+)[ \t]+((?:[^\n]*\\\n)*[^\n]*)$/gm);
  return [...found].map(({ index, 1: name = "", 2: words = "" }) => ({
    index,
    name: name.toUpperCase(),
    words: words.replaceAll(/\\\n/g, " ").trim(),
  }));
}
