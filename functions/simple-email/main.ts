import { serveJob } from "../serve/main.ts";
import { sendBySmtp } from "../serve/smtp.ts";
import { createSimpleEmail } from "./index.ts";

serveJob(createSimpleEmail({ smtp: sendBySmtp }));
