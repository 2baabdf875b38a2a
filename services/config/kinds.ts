import { z } from "zod";

/** A whole number as text, for example a count or a port. */
export function wholeNumber(low: number, high: number) {
  return z
    .string()
    .regex(/^\d+$/, `expected a whole number from ${low} to ${high}`)
    .transform(Number)
    .pipe(
      z
        .number()
        .min(low, `expected a whole number from ${low} to ${high}`)
        .max(high, `expected a whole number from ${low} to ${high}`),
    );
}

/** A TCP port as text; 0 asks the system for a free one. */
export const port = () => wholeNumber(0, 65_535);

/** A length of time in seconds as text; fractions are allowed. */
export function seconds(low: number, high: number) {
  const expected = `expected a number of seconds from ${low} to ${high}`;
  return z
    .string()
    .regex(/^\d+(\.\d+)?$/, expected)
    .transform(Number)
    .pipe(z.number().min(low, expected).max(high, expected));
}

const unitSeconds: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A length of time as text with its unit, as `90s`, `15m`, `36h` or `7d`; gives seconds. */
export function duration(lowSeconds: number, highSeconds: number) {
  const pattern = /^(\d+(?:\.\d+)?)([smhd])$/;
  const expected = `expected a length of time with its unit, such as 36h or 7d, from ${lowSeconds} s to ${highSeconds / 86_400} d`;
  return z
    .string()
    .regex(pattern, expected)
    .transform((text) => {
      const [, count, unit = ""] = pattern.exec(text) ?? [];
      return Number(count) * (unitSeconds[unit] ?? 0);
    })
    .pipe(z.number().min(lowSeconds, expected).max(highSeconds, expected));
}

/** An absolute http or https URL as text. */
export const httpUrl = () => z.url({ protocol: /^https?$/, error: "expected an http:// or https:// URL" });

/** A host's name or address as it stands in a URL, without a port; an IPv6 address in brackets. */
export const host = () =>
  z
    .string()
    .refine((text) => URL.canParse(`http://${text}`) && /^([^\s/:@?#[\]]+|\[[\da-f:.]+\])$/i.test(text), {
      error: "expected a host's name or address, without a scheme or a port",
    });

/** A comma-separated list as text; empty parts are dropped. */
export const list = () =>
  z.string().transform((text) =>
    text
      .split(",")
      .map((part) => part.trim())
      .filter((part) => part !== ""),
  );
