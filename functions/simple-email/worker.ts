import { edgeHandler } from "../kit/edge-handler.ts";
import { simpleEmail } from "./index.ts";

/** The function as an edge runtime asks for it: Cloudflare's workerd, `deno serve`. */
export default edgeHandler(simpleEmail);
