import { faultsOf, isTest, type SourceFile } from "./source-file.ts";

// Each pattern is written so that it does not find itself.
const toDo = /\b(?:TO[D]O|FIX[M]E|XX[X]|HAC[K])\b/g;
const machinePath = /(?<![\w.~$}-])\/(?:root|home|tmp|Users|workspace)\/[\w.]/g;
const registry =
  /https?:\/\/[\w.-]*(?:registry|artifactory|nexus|verdaccio|codeartifact|pkgs\.dev)[\w.-]*|\b(?:registry|npm)\.[\w-]+\.(?:org|com|net|io|internal|local)\b/gi;
const lockSource = /https?:\/\/[^\s"']+/g;

/** Gives a fault for each note to oneself. */
export function findToDos(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => path !== "bun.lock")
    .flatMap((file) => faultsOf(file, toDo, ([word]) => `${word}: do it, or open an issue.`));
}

/** Gives a fault for each path that exists on one machine only, outside of tests. */
export function findMachinePaths(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => !isTest(path))
    .flatMap((file) =>
      faultsOf(
        file,
        machinePath,
        ([path]) => `A path of one machine: ${path}… Make it relative or a setting.`,
      ),
    );
}

/** Gives a fault for each package registry that is named; the lock file must work with anybody's. */
export function findRegistries(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => !isTest(path))
    .flatMap((file) =>
      faultsOf(
        file,
        file.path === "bun.lock" ? lockSource : registry,
        ([host]) => `A package registry is named: ${host}. Leave it to the user's own settings.`,
      ),
    );
}
