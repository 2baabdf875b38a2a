import { join } from "node:path";
import type { Slots } from "../../functions/mail/template.ts";
import { linkMailSlots } from "../../functions/send-email-link/slots.ts";

/** A template of the repository, and the module that it is compiled to. */
export type TemplateFile = {
  readonly source: string;
  readonly compiled: string;
  /** What the module exports. */
  readonly exportName: string;
  readonly slots: Slots;
};

const folder = join(import.meta.dirname, "../../functions/send-email-link/templates");

/** Every template of the repository. */
export const templateFiles: readonly TemplateFile[] = [
  {
    source: join(folder, "link-mail.mjml"),
    compiled: join(folder, "link-mail.ts"),
    exportName: "linkMail",
    slots: linkMailSlots,
  },
];
