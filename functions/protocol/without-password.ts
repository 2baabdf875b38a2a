/** Gives a text with neither user name nor password in its URLs: settings are repeated in errors, and errors are read by many. */
export function withoutPassword(text: string): string {
  return text.replace(/(:\/\/)[^/?#\s"]*@/g, "$1…@");
}
