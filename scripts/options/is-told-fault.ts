import { AdoptionError } from "../../db/adopt/adopt.ts";
import { MigrationError } from "../../db/migrate.ts";
import { ConfigError } from "../../services/config/read-settings.ts";
import { StartError } from "../../services/http/serve.ts";

/** Tells whether an error's message says all that a person needs, so that no trace of the program is shown. */
export function isToldFault(error: unknown): error is Error {
  return [AdoptionError, ConfigError, MigrationError, StartError].some((kind) => error instanceof kind);
}
