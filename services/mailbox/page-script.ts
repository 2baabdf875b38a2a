/**
 * The page's own script: shows new mail as it comes, times in the reader's zone, and the chosen message in the list. Without it,
 * reloading the page does the first, and times are in UTC.
 *
 * Where the address names a message, new mail changes the list alone: who reads is not thrown back to the top each second.
 */
export const pageScript = `"use strict";
const known = document.body.dataset;
const list = document.querySelector(".list");

showOwnTimes();
const chosen = list?.querySelector("[aria-current]");
// Not scrollIntoView, which scrolls the page as well.
if (chosen) list.scrollTop = chosen.offsetTop - list.offsetTop - (list.clientHeight - chosen.offsetHeight) / 2;

if (known.count !== undefined) setInterval(look, 1000);

async function look() {
  if (document.hidden) return;
  try {
    const { newest, count } = await (await fetch("/state")).json();
    if (newest === known.newest && String(count) === known.count) return;
    if (known.fixed === undefined || list === null || count === 0) location.reload();
    else await renewList();
  } catch {
    // The mailbox is away; the next look may find it again.
  }
}

async function renewList() {
  const text = await (await fetch(location.href)).text();
  const next = new DOMParser().parseFromString(text, "text/html");
  const focused = list.contains(document.activeElement) ? document.activeElement.getAttribute("href") : null;
  const { scrollTop, scrollHeight } = list;
  list.querySelector("ol").replaceWith(next.querySelector(".list ol"));
  if (scrollTop > 0) list.scrollTop = scrollTop + list.scrollHeight - scrollHeight;
  if (focused !== null) list.querySelector('a[href="' + focused + '"]')?.focus({ preventScroll: true });
  document.querySelector("[role=status]").textContent = next.querySelector("[role=status]").textContent;
  document.title = next.title;
  Object.assign(known, next.body.dataset);
  showOwnTimes();
}

function showOwnTimes() {
  for (const time of document.querySelectorAll("time")) {
    const at = new Date(time.dateTime);
    const isToday = at.toDateString() === new Date().toDateString();
    time.title = at.toISOString();
    if (time.closest(".list") === null) time.textContent = at.toLocaleString();
    else time.textContent = isToday ? at.toLocaleTimeString() : at.toLocaleDateString();
  }
}
`;
