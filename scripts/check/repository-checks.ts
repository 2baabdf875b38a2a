import { findComposeFaults } from "./compose-files.ts";
import { findDependencyFaults } from "./dependency-reasons.ts";
import { findDockerfileFaults } from "./dockerfiles.ts";
import { findUndocumentedExports } from "./documented-exports.ts";
import { findCommandFaults, findLengthFaults, findPathFaults, findProtocolFaults } from "./documents.ts";
import { findUnknownNames } from "./environment-names.ts";
import { findNameFaults } from "./file-names.ts";
import { findImportFaults } from "./import-rules.ts";
import { findMachinePaths, findRegistries, findToDos } from "./leftovers.ts";
import { findJournalFaults } from "./migration-journal.ts";
import { findSettings } from "./settings-objects.ts";
import { findSettingsFaults, settingsPage } from "./settings-table.ts";
import { findSnippetFaults } from "./snippets.ts";
import type { SourceFile } from "./source-file.ts";
import { findCatalogueFaults } from "./sql-catalogue.ts";
import { findSqlStyleFaults } from "./sql-style.ts";

/** A check of the repository's own: gives its faults, one `file:line: message` each. */
export type RepositoryCheck = {
  readonly name: string;
  readonly find: (files: readonly SourceFile[]) => readonly string[] | Promise<readonly string[]>;
};

/** All checks of the repository's own. To add one: a file beside this one, its test, and a line here. */
export const repositoryChecks: readonly RepositoryCheck[] = [
  { name: "imports go the way of the data", find: findImportFaults },
  { name: "every export has a docstring", find: findUndocumentedExports },
  { name: "every SQL object has its comment and rights", find: findCatalogueFaults },
  { name: "the SQL is readable, and in lower case", find: findSqlStyleFaults },
  { name: "the journal lists every migration, in order", find: findJournalFaults },
  { name: "the table of settings is the code's", find: checkSettings },
  { name: "every environment variable is a setting", find: checkNames },
  { name: "every command in the documents exists", find: findCommandFaults },
  { name: "every path and every heading that a document leads to exists", find: findPathFaults },
  { name: "every section of the protocol that is cited exists", find: findProtocolFaults },
  { name: "every block of code in the documents can be read", find: findSnippetFaults },
  { name: "every README is short", find: findLengthFaults },
  { name: "every dependency has its reason", find: findDependencyFaults },
  { name: "every Dockerfile keeps the rules of small, sure images", find: findDockerfileFaults },
  { name: "the compose files are as specification and code want them", find: checkCompose },
  { name: "every file name says what lives there", find: findNameFaults },
  { name: "no note to oneself is left", find: findToDos },
  { name: "no path of one machine is named", find: findMachinePaths },
  { name: "no package registry is named", find: findRegistries },
];

async function checkSettings(files: readonly SourceFile[]): Promise<string[]> {
  const page = files.find(({ path }) => path === settingsPage)?.text ?? "";
  return findSettingsFaults(page, await findSettings(files));
}

async function checkNames(files: readonly SourceFile[]): Promise<string[]> {
  return findUnknownNames(files, await findSettings(files));
}

async function checkCompose(files: readonly SourceFile[]): Promise<string[]> {
  return findComposeFaults(files, await findSettings(files));
}
