import { serveJob } from "../serve/main.ts";
import { readFolder } from "../serve/read-folder.ts";
import { sendBySmtp } from "../serve/smtp.ts";
import { createSendEmailLink } from "./index.ts";
import { createOwnTemplates } from "./own-templates.ts";

serveJob(createSendEmailLink({ smtp: sendBySmtp, templates: createOwnTemplates(readFolder) }));
