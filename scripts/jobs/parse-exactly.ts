type Reviver = (key: string, value: unknown, context: { readonly source?: string }) => unknown;

/**
 * Parses JSON so that JSON.stringify gives its numbers as they were written; 12345678901234567890 and 1.0 have no double that would.
 * By the source text that a reviver is told, and raw JSON (ECMA-262, 2026), of which TypeScript does not know yet.
 */
export function parseExactly(text: string): unknown {
  const parse = JSON.parse as (text: string, reviver: Reviver) => unknown;
  const { rawJSON } = JSON as unknown as { readonly rawJSON: (text: string) => unknown };
  return parse(text, (_, value, { source }) =>
    typeof value === "number" && source !== undefined && String(value) !== source ? rawJSON(source) : value,
  );
}
