import { serveJob } from "../../serve/main.ts";
import { abortProbe } from "./worker.ts";

await serveJob(abortProbe);
