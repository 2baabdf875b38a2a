import { serveJob } from "../serve/main.ts";
import { sendEmailLinkContainer } from "./container.ts";

serveJob(sendEmailLinkContainer);
