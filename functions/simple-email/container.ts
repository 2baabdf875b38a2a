import type { Job } from "../kit/define-job.ts";
import { sendBySmtp } from "../serve/smtp.ts";
import { createSimpleEmail } from "./index.ts";

/** The function simple-email with what only a container has: SMTP. */
export const simpleEmailContainer: Job = createSimpleEmail({ smtp: sendBySmtp });
