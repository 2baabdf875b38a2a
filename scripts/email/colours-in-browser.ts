/** Gives what getComputedStyle calls a colour, as `#rrggbb`. */
function hexOf(colour: string): string {
  const parts = (colour.match(/\d+/g) ?? []).slice(0, 3);
  return `#${parts.map((part) => Number(part).toString(16).padStart(2, "0")).join("")}`;
}

/** Gives the colour that an element stands on: its own background, or of what is behind it; white where nothing is. */
function backgroundOf(element: Element | null): string {
  for (let at = element; at !== null; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if (!/^rgba\(.*, 0\)$|transparent/.test(colour)) return hexOf(colour);
  }
  return "#ffffff";
}

/** What functions that run in the browser find there. */
export type Colours = { readonly hexOf: typeof hexOf; readonly backgroundOf: typeof backgroundOf };

/** The text of an expression that gives them in the browser, where nothing can be imported. */
export const coloursInBrowser = `(() => { ${hexOf.toString()}; ${backgroundOf.toString()}; return { hexOf, backgroundOf }; })()`;
