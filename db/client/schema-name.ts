/** What a schema's name has to be: a plain lower-case identifier, which Postgres cuts nothing off. */
export const schemaName = /^[a-z_][a-z0-9_]{0,62}$/;

/** The same in words. */
export const schemaNameInWords = "a lower-case SQL identifier of at most 63 characters";
