/** The page's own script: shows new mail as it comes. Without it, reloading the page does the same. */
export const pageScript = `"use strict";
const known = document.body.dataset;
setInterval(async () => {
  if (document.hidden) return;
  try {
    const state = await (await fetch("/state")).json();
    if (state.newest !== known.newest || String(state.count) !== known.count) location.reload();
  } catch {
    // The mailbox is away; the next look may find it again.
  }
}, 1000);
`;
