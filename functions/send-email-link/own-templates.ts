import { JobError } from "../kit/job-error.ts";
import { compileTemplate } from "../mail/compile-template.ts";
import { type Templates, templatesOf } from "./compose.ts";
import { linkMailSlots, requiredSlots } from "./slots.ts";

/** Reads a folder's files of one ending, by name without it: what only a runtime with a file system has. */
export type ReadFolder = (folder: string, ending: string) => Promise<Readonly<Record<string, string>>>;

/** Template of every type of mail that has no file of its own. */
const forAll = "link-mail";

/**
 * Gives the templates of JOBS_EMAIL_TEMPLATES: `invite_email.mjml`, `forgot_password.mjml` and `email_verification.mjml`, or
 * `link-mail.mjml` for those that are not there. They are compiled when they are first asked for, 10 ms each, and kept from
 * then on.
 */
export function createOwnTemplates(
  readFolder: ReadFolder,
): (env: { readonly JOBS_EMAIL_TEMPLATES?: string | undefined }) => Promise<Templates> {
  const ours = templatesOf();
  const known = new Map<string, Templates>();
  return async ({ JOBS_EMAIL_TEMPLATES: folder }) => {
    if (folder === undefined) return ours;
    const templates = known.get(folder) ?? templatesOf(await compileFolder(folder, readFolder));
    known.set(folder, templates);
    return templates;
  };
}

/**
 * Gives a folder's templates as compiled HTML, by type of mail. `namedBy` is what the folder was named by, for messages.
 *
 * @throws JobError that names the folder, or the file with its fault. Not for good, as a file can be repaired.
 */
export async function compileFolder(
  folder: string,
  readFolder: ReadFolder,
  namedBy = "JOBS_EMAIL_TEMPLATES",
): Promise<Partial<Record<keyof Templates, string>>> {
  const sources = await readFolder(folder, ".mjml").catch((cause: unknown) => {
    throw new JobError(`Cannot read the templates of ${namedBy} (${folder}): check the folder`, {
      cause,
    });
  });
  if (Object.keys(sources).length === 0)
    throw new JobError(`Cannot use the templates of ${namedBy} (${folder}): there is no .mjml file in it`);
  const types = ["invite_email", "forgot_password", "email_verification"] as const;
  const stranger = Object.keys(sources).find((name) => ![forAll, ...types].includes(name));
  if (stranger !== undefined)
    throw new JobError(
      `Cannot use the template ${stranger}.mjml: no mail has that name. Expected one of ${[forAll, ...types].join(", ")}`,
    );
  const compiled: Partial<Record<keyof Templates, string>> = {};
  for (const type of types) {
    const name = sources[type] === undefined ? forAll : type;
    const source = sources[name];
    if (source !== undefined) compiled[type] = await compileNamed(name, source);
  }
  return compiled;
}

async function compileNamed(name: string, source: string): Promise<string> {
  try {
    return await compileTemplate(source, linkMailSlots, requiredSlots);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new JobError(`${name}.mjml: ${reason}`, { cause });
  }
}
