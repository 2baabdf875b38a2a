import { simpleEmail } from "./index.ts";

export default { fetch: simpleEmail.fetch };
