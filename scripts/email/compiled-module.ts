import { basename } from "node:path";
import { compileTemplate } from "../../functions/mail/compile-template.ts";
import type { TemplateFile } from "./template-files.ts";

/** Gives the text of the module that a template is compiled to: its HTML, line for line, so that a change can be reviewed. */
export async function compiledModule({ source, exportName, slots }: TemplateFile): Promise<string> {
  const html = await compileTemplate(await Bun.file(source).text(), slots);
  const literal = html.replace(/[\\`]|\$\{/g, "\\$&");
  return `// Written by \`bun run email:compile\` from ${basename(source)}: change that file, not this one.

/** The HTML of ${basename(source)}, its slots still open. */
export const ${exportName}: string = \`${literal}\`;
`;
}
