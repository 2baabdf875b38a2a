import type { z } from "zod";

/** Adds a fault of one setting. */
export type AddFault = (name: string, message: string) => void;

/** Finds faults that only show between settings. What is wrong by itself may be there as it was given, or not at all. */
export type CrossCheck<Settings> = (settings: Partial<Settings>, add: AddFault) => void;

/**
 * Gives a settings schema with such checks. They run beside those of the single settings (`when`), so that all faults are found at once;
 * of a setting that is wrong by itself nothing more is said.
 */
export function withCrossChecks<Schema extends z.ZodObject>(
  schema: Schema,
  ...checks: readonly CrossCheck<z.infer<Schema>>[]
): Schema {
  return schema.superRefine(
    (settings, context) => {
      const faulty = new Set(context.issues.map(({ path }) => path?.[0]));
      for (const check of checks)
        check(settings, (name, message) => {
          if (!faulty.has(name)) context.addIssue({ code: "custom", path: [name], message });
        });
    },
    { when: () => true },
  );
}
