// RFC 9110 §5.6.7: a sender uses IMF-fixdate; a recipient also accepts the obsolete RFC 850 and asctime forms.
const httpDate =
  /^(?:(?:Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]+day, \d{2}-[A-Z][a-z]{2}-\d{2} \d{2}:\d{2}:\d{2} GMT|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d{2}:\d{2}:\d{2} \d{4})$/;

/** What a Retry-After is measured against. */
export type RetryAfterLimits = {
  readonly now: Date;
  /** No wait is longer than this, whatever the sender asks for. */
  readonly maxSeconds: number;
};

/**
 * Gives the seconds that a Retry-After header asks to wait (RFC 9110 §10.2.3), in either of its forms; the longest where it is said more
 * than once.
 *
 * A date that has passed gives 0. A missing header, or one of neither form, gives undefined.
 */
export function retryAfterSeconds(value: string | null, limits: RetryAfterLimits): number | undefined {
  if (value === null) return undefined;
  const asked = valuesIn(value)
    .map((text) => (/^\d+$/.test(text) ? Number(text) : secondsUntil(text, limits.now)))
    .filter((seconds) => seconds !== undefined);
  if (asked.length === 0) return undefined;
  const longest = asked.reduce((most, seconds) => Math.max(most, seconds), 0);
  return Math.min(longest, limits.maxSeconds);
}

/** Parts what was said more than once. A date has a comma of its own, behind its day. */
function valuesIn(value: string): string[] {
  return value.split(/(?<!(?:^|,)\s*[A-Z][a-z]{2,8}),/).map((text) => text.trim());
}

function secondsUntil(text: string, now: Date): number | undefined {
  if (!httpDate.test(text)) return undefined;
  // asctime names no zone, yet is in GMT like the others.
  const time = Date.parse(text.endsWith("GMT") ? text : `${text} GMT`);
  return Number.isNaN(time) ? undefined : Math.ceil((time - now.getTime()) / 1000);
}
