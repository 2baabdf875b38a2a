const special = /["\\]/;

/**
 * Gives an array as Postgres reads it, so that a statement needs nobody to know the oid of its array type: postgres.js would
 * ask for the list of them at each new connection, and leaves that query's failure unhandled, which ends the process.
 */
export function arrayLiteral(
  values: readonly (string | number | boolean | bigint | null | undefined)[],
): string {
  const elements = values.map((value) => {
    if (value === null || value === undefined) return "null";
    const text = String(value);
    return `"${special.test(text) ? text.replaceAll(/["\\]/g, "\\$&") : text}"`;
  });
  return `{${elements.join(",")}}`;
}
