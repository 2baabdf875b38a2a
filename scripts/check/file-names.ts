import type { SourceFile } from "./source-file.ts";

const empty = /(^|\/)(utils?|helpers?|common|misc|shared|lib)(\.[^/]*|\/|$)/i;
const ours = /^(db|functions|services|scripts|infra)\//;

/** Gives a fault for each file or folder whose name says nothing about what lives in it. */
export function findNameFaults(files: readonly SourceFile[]): string[] {
  return files
    .filter(({ path }) => ours.test(path) && empty.test(path))
    .map(({ path }) => `${path}:1: The name does not say what lives here. Name it after its one concept.`);
}
