/** The page's style sheet: one column on a phone, two on a desk, light or dark as the reader's system is. */
export const pageStyle = `
:root { color-scheme: light dark; --line: #d9dde3; --soft: #f4f6f8; --text: #1b1f24; --dim: #5b6570; --accent: #2f6f4f; --back: #fff; }
@media (prefers-color-scheme: dark) {
  :root { --line: #333b44; --soft: #1d2228; --text: #e6eaee; --dim: #9aa5b1; --accent: #7cc4a0; --back: #14181c; }
}
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, sans-serif; color: var(--text); background: var(--back); }
a { color: var(--accent); }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
#message:focus { outline: none; }
.skip { position: absolute; left: -9999px; }
.skip:focus { left: .5rem; top: .5rem; padding: .3rem .8rem; background: var(--back); z-index: 1; }
header { display: flex; gap: 1rem; align-items: center; padding: .6rem 1rem; border-bottom: 1px solid var(--line); }
header form { margin: 0; }
header h1 { font-size: 1.05rem; margin: 0; flex: 1; }
header small { color: var(--dim); font-weight: normal; }
button { font: inherit; color: inherit; background: var(--soft); border: 1px solid var(--line); border-radius: 6px; padding: .25rem .8rem; cursor: pointer; white-space: nowrap; }
main { display: grid; grid-template-columns: minmax(240px, 340px) 1fr; min-height: calc(100vh - 55px); }
.list { position: sticky; top: 0; align-self: start; overflow: auto; max-height: 100vh; }
.list ol { list-style: none; margin: 0; padding: 0; }
.list a { display: block; padding: .6rem 1rem; border-bottom: 1px solid var(--line); color: inherit; text-decoration: none; overflow-wrap: anywhere; }
.list a:focus-visible { outline-offset: -3px; }
.list a:hover, .list a[aria-current] { background: var(--soft); }
.list a[aria-current] { box-shadow: inset 3px 0 var(--accent); }
.list strong { display: -webkit-box; -webkit-box-orient: vertical; -webkit-line-clamp: 2; overflow: hidden; font-weight: 600; }
.list span { color: var(--dim); font-size: .87rem; display: flex; justify-content: space-between; gap: .5rem; }
.list bdi { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
.list time { flex: none; }
section { padding: 1rem; min-width: 0; border-left: 1px solid var(--line); display: flex; flex-direction: column; }
section h2 { margin: 0 0 .3rem; font-size: 1.25rem; line-height: 1.4; max-height: 8.4em; overflow: auto; flex: none; overflow-wrap: anywhere; }
section h3 { margin: 1rem 0 0; font-size: 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .1rem .8rem; margin: 0 0 .8rem; }
dt { color: var(--dim); } dd { margin: 0; overflow-wrap: anywhere; max-height: 6em; overflow: auto; }
.tabs { display: flex; gap: .3rem; border-bottom: 1px solid var(--line); flex-wrap: wrap; }
.tabs a { padding: .35rem .8rem; text-decoration: none; border: 1px solid transparent; border-bottom: 0; border-radius: 6px 6px 0 0; }
.tabs a[aria-current] { border-color: var(--line); background: var(--soft); color: inherit; }
iframe { width: 100%; flex: 1; min-height: 540px; border: 1px solid var(--line); border-top: 0; background: #fff; }
pre { margin: 0; padding: 1rem; border: 1px solid var(--line); border-top: 0; overflow: auto; white-space: pre-wrap; overflow-wrap: anywhere; background: var(--soft); flex: 1; }
.links { margin: .3rem 0 0; padding-left: 1.2rem; overflow-wrap: anywhere; }
.empty { display: block; max-width: 46rem; min-height: 0; margin: 0 auto; padding: 2rem 1rem; }
.empty pre { border-top: 1px solid var(--line); }
@media (max-width: 720px) {
  main { grid-template-columns: 1fr; grid-template-rows: max-content 1fr; }
  .list { position: static; border-bottom: 1px solid var(--line); max-height: 38vh; }
  section { border-left: 0; }
  .tabs { gap: 0; } .tabs a { padding: .35rem .45rem; }
  .empty { padding-top: 1rem; }
}
@media (forced-colors: active) { a[aria-current] { outline: 2px solid; outline-offset: -4px; } }
@media print {
  header, .list, .tabs, .skip { display: none; }
  main { display: block; } section { border-left: 0; }
  h2, dd { max-height: none !important; }
  iframe { height: 230mm; }
}
`;
