const visible = /^[\x20-\x7e]*$/;
const unsafe = /[^\x20-\x7e]+/g;
const cloudEventUnsafe = /[^\x21-\x7e]+|[ "%]+/g;

/**
 * Gives a value that can stand in a header: line breaks, control characters and non-ASCII are percent-encoded as
 * UTF-8. A value of visible ASCII stays as it is, `%` too.
 */
export function headerText(value: string): string {
  return visible.test(value)
    ? value
    : value.toWellFormed().replace(unsafe, (text) => encodeURIComponent(text));
}

/** Gives a CloudEvents attribute as its HTTP binding 1.0 §3.1.3.2 wants it: space, `"`, `%` and non-ASCII percent-encoded. */
export function cloudEventText(value: string): string {
  return value.toWellFormed().replace(cloudEventUnsafe, (text) => encodeURIComponent(text));
}
