import { resolve } from "node:path";
import { JobError } from "../functions/kit/job-error.ts";
import { compileFolder } from "../functions/send-email-link/own-templates.ts";
import { readFolder } from "../functions/serve/read-folder.ts";
import { compiledModule } from "./email/compiled-module.ts";
import { templateFiles } from "./email/template-files.ts";
import { readOptions } from "./options/read-options.ts";

// `bun run email:compile` writes the compiled templates of the repository. With --from FOLDER --to FILE it writes those of one's
// own, for an edge worker; a container compiles them by itself (JOBS_EMAIL_TEMPLATES).

const values = readOptions({ from: { type: "string" }, to: { type: "string" } });

if ((values.from === undefined) !== (values.to === undefined)) {
  console.error("Cannot compile one's own templates: --from FOLDER and --to FILE.ts belong together.");
  process.exit(1);
}
if (values.from !== undefined && values.to !== undefined) await writeOwn(values.from, values.to);
else for (const file of templateFiles) await write(file.compiled, await compiledModule(file));

async function write(path: string, text: string): Promise<void> {
  await Bun.write(path, text);
  console.log(`${path} written, ${(text.length / 1024).toFixed(1)} KiB`);
}

async function writeOwn(from: string, to: string): Promise<void> {
  const compiled = await compileFolder(resolve(from), readFolder, "--from").catch((fault: unknown) => {
    if (!(fault instanceof JobError)) throw fault;
    console.error(fault.message);
    process.exit(1);
  });
  const own = Object.entries(compiled);
  const body = own.map(([type, html]) => `  ${type}: ${JSON.stringify(html)},\n`);
  await write(
    resolve(to),
    `/** Compiled mails: createSendEmailLink({ templates: async () => templatesOf(ownTemplates) }). */\nexport const ownTemplates = {\n${body.join("")}};\n`,
  );
}
