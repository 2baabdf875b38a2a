import { sendEmailLink } from "./index.ts";

export default { fetch: sendEmailLink.fetch };
