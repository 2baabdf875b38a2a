import { serveJob } from "../serve/main.ts";
import { sendEmailLinkContainer } from "./container.ts";

await serveJob(sendEmailLinkContainer);
