import { serveJob } from "../serve/main.ts";
import { simpleEmail } from "./index.ts";

serveJob(simpleEmail);
