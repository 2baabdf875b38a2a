/** Gives a URL, or undefined for a text that is none. Node before 22 has no `URL.parse`. */
export function parseUrl(text: string): URL | undefined {
  return URL.canParse(text) ? new URL(text) : undefined;
}
