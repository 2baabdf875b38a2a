import { serveJob } from "../serve/main.ts";
import { sendEmailLink } from "./index.ts";

serveJob(sendEmailLink);
