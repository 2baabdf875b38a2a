/**
 * Gives a text with no user name, password or value of a query in its URLs, with or without a scheme: settings are repeated in errors and in logs, and those are
 * read by many. A password may hold what should have been encoded, so all before the last @ is taken for one.
 */
export function withoutPassword(text: string): string {
  return text
    .replace(/(:\/\/)[^\s"]*@/g, "$1…@")
    .replace(/(^|[\s",])[^\s",:/@]+:(?!\/\/)[^\s"]*@/g, "$1…@")
    .replace(/(:\/\/[^\s"?]*)\?([^\s"#]*)/g, (_, start: string, query: string) => {
      const shown = query.replace(/(^|&)([^&=]*=)?[^&]+/g, "$1$2…");
      return `${start}?${shown}`;
    });
}
