import { serveJob } from "../serve/main.ts";
import { simpleEmailContainer } from "./container.ts";

await serveJob(simpleEmailContainer);
