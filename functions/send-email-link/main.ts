import { serveJob } from "../serve/main.ts";
import { readFolder } from "../serve/read-folder.ts";
import { createSendEmailLink } from "./index.ts";
import { createOwnTemplates } from "./own-templates.ts";

serveJob(createSendEmailLink({ templates: createOwnTemplates(readFolder) }));
