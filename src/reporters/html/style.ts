// How the report's page looks: light and dark from one set of colours, each at least 4.5:1 on what it stands on.
export const STYLE = `
:root {
  color-scheme: light dark;
  --back: light-dark(#ffffff, #14161a);
  --panel: light-dark(#f6f7f9, #1b1e24);
  --raised: light-dark(#ffffff, #22262e);
  --line: light-dark(#d3d8e0, #383f4b);
  --text: light-dark(#1a1d23, #e7e9ed);
  --dim: light-dark(#525a67, #a9b1be);
  --accent: light-dark(#0b57c2, #8ab4ff);
  --chosen: light-dark(#e4eefd, #22334f);
  --error: light-dark(#b3261e, #ff8f86);
  --error-back: light-dark(#fdecea, #3d1f1e);
  --warning: light-dark(#825000, #f2b860);
  --warning-back: light-dark(#fff4df, #372a14);
  --note: light-dark(#3a587d, #9fc2ea);
  --good: light-dark(#19683a, #82d69d);
  --good-back: light-dark(#e6f4ea, #17301f);
  --mono: ui-monospace, 'SF Mono', 'Cascadia Mono', 'DejaVu Sans Mono', Menlo, Consolas, monospace;
}
:root[data-theme='light'] { color-scheme: light; }
:root[data-theme='dark'] { color-scheme: dark; }
* { box-sizing: border-box; }
body {
  margin: 0;
  background: var(--back);
  color: var(--text);
  font: 14px/1.5 system-ui, -apple-system, 'Segoe UI', Roboto, 'Noto Sans', sans-serif;
}
h1, h2, h3, h4, p, dl, dd, ul, ol, figure { margin: 0; }
h1 { font-size: 19px; line-height: 1.3; font-weight: 650; overflow-wrap: anywhere; }
h2 { font-size: 15px; font-weight: 650; }
h3 { font-size: 13px; font-weight: 650; }
a { color: var(--accent); text-underline-offset: 2px; }
code, .mono { font-family: var(--mono); font-size: 12px; }
:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; border-radius: 3px; }
.hidden { position: absolute; width: 1px; height: 1px; margin: -1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }
.skip { position: absolute; left: 8px; top: -60px; padding: 6px 12px; background: var(--raised); border: 1px solid var(--line); z-index: 9; }
.skip:focus { top: 8px; }
.dim { color: var(--dim); }
.error { color: var(--error); }
.warning { color: var(--warning); }
.note { color: var(--note); }
.good { color: var(--good); }
.top { display: flex; flex-wrap: wrap; gap: 8px 16px; align-items: center; padding: 10px 20px; border-bottom: 1px solid var(--line); background: var(--panel); }
.top .brand { font-weight: 650; }
.top nav { display: flex; flex-wrap: wrap; gap: 4px 14px; flex: 1; }
main { padding: 16px 20px 40px; display: grid; gap: 16px; max-width: 1720px; margin: 0 auto; grid-template-columns: minmax(0, 1fr); }
.card { background: var(--panel); border: 1px solid var(--line); border-radius: 8px; padding: 14px 16px; min-width: 0; }
.card > header { display: flex; flex-wrap: wrap; gap: 6px 14px; align-items: baseline; margin-bottom: 10px; }
.card > header .grow { flex: 1; }
.bad-edge { border-left: 4px solid var(--error); }
.unsure-edge { border-left: 4px solid var(--warning); }
.good-edge { border-left: 4px solid var(--good); }
.verdict { font-size: 16px; font-weight: 600; margin-top: 2px; overflow-wrap: anywhere; }
.summary { display: grid; gap: 12px; grid-template-columns: minmax(0, 1fr); }
.tiles { display: flex; flex-wrap: wrap; gap: 8px; list-style: none; padding: 0; }
.tiles li { background: var(--raised); border: 1px solid var(--line); border-radius: 6px; padding: 6px 12px; min-width: 84px; }
.tiles b { display: block; font-size: 18px; line-height: 1.3; font-variant-numeric: tabular-nums; }
.tiles span { font-size: 12px; color: var(--dim); }
.plain { padding-left: 18px; }
.plain li { overflow-wrap: anywhere; }
button, select, input { font: inherit; font-size: 13px; color: var(--text); background: var(--raised); border: 1px solid var(--line); border-radius: 5px; padding: 3px 9px; min-height: 28px; }
button { cursor: pointer; }
button:hover:not(:disabled) { border-color: var(--accent); }
button:disabled { color: var(--dim); cursor: default; opacity: .75; }
button[aria-pressed='true'], [role='tab'][aria-selected='true'] { background: var(--chosen); border-color: var(--accent); }
label { font-size: 13px; color: var(--dim); display: inline-flex; gap: 6px; align-items: center; }
.tools { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; }
.tabs { display: flex; flex-wrap: wrap; gap: 6px; margin-bottom: 10px; }
.scroll { overflow: auto; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); }
table { border-collapse: collapse; width: 100%; font-size: 13px; }
th, td { text-align: left; padding: 4px 10px; border-bottom: 1px solid var(--line); vertical-align: top; }
tbody tr:last-child > * { border-bottom: 0; }
th { font-weight: 600; color: var(--dim); white-space: nowrap; }
th button { border: 0; background: none; padding: 0; min-height: 24px; font-weight: 600; color: inherit; }
td.number, th.number { text-align: right; font-variant-numeric: tabular-nums; }
td.mono { white-space: nowrap; }
td.wide { min-width: 260px; overflow-wrap: anywhere; }
td.whole, td.whole a { white-space: nowrap; }
tr.current > * { background: var(--chosen); }
tr.bad > * { background: var(--error-back); }
tr.odd > * { background: var(--warning-back); }
.pager { display: flex; flex-wrap: wrap; gap: 6px; align-items: center; margin-top: 8px; font-size: 13px; color: var(--dim); }
.badge { display: inline-block; border: 1px solid currentColor; border-radius: 999px; padding: 0 8px; font-size: 12px; line-height: 18px; font-weight: 600; white-space: nowrap; }
.columns { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); align-items: start; }
.picture { position: relative; border: 1px solid var(--line); border-radius: 6px; background: var(--raised); overflow: auto; max-height: 380px; }
.picture canvas { display: block; width: 100%; touch-action: pan-y; cursor: crosshair; }
.picture canvas:focus-visible { outline-offset: -3px; }
.tip { position: fixed; z-index: 8; max-width: 380px; pointer-events: none; background: var(--raised); border: 1px solid var(--line); border-radius: 6px; box-shadow: 0 4px 16px rgb(0 0 0 / 25%); padding: 6px 10px; font-size: 12px; white-space: pre-line; }
.legend { display: flex; flex-wrap: wrap; gap: 4px 14px; list-style: none; padding: 0; margin-top: 6px; font-size: 12px; color: var(--dim); }
.legend li { display: inline-flex; gap: 6px; align-items: center; }
.legend svg { flex: none; }
.mark-lock { fill: light-dark(#7aa7e8, #4673b8); }
.mark-hold { fill: light-dark(#3f69a8, #8fb4ec); }
.mark-apply { fill: light-dark(#6fbf8b, #3b8457); }
.mark-obj { fill: light-dark(#b9d4ff, #315591); }
.mark-pin { fill: var(--error); }
.mark-other { stroke: var(--error); stroke-width: 2; fill: none; }
.mark-retry { stroke: var(--warning); stroke-width: 2; fill: none; }
.mark-rest { stroke: var(--text); stroke-width: 2; stroke-dasharray: 3 2; }
.mark-stale { stroke: light-dark(#a3208f, #f28fe0); stroke-width: 1.5; }
.readout { min-height: 24px; margin-top: 6px; font-size: 13px; overflow-wrap: anywhere; }
.command { display: flex; gap: 6px; align-items: center; min-width: 0; }
.command code { flex: 1; min-width: 0; overflow-x: auto; white-space: nowrap; background: var(--raised); border: 1px solid var(--line); border-radius: 5px; padding: 4px 8px; }
.commands { display: grid; gap: 6px; grid-template-columns: minmax(0, 1fr); }
.facts { display: grid; grid-template-columns: max-content minmax(0, 1fr); gap: 2px 14px; font-size: 13px; }
.facts dt { color: var(--dim); }
.facts dd { overflow-wrap: anywhere; }
.job { display: grid; gap: 16px; grid-template-columns: minmax(0, 1fr); }
.job section { display: grid; gap: 8px; grid-template-columns: minmax(0, 1fr); }
.finding { border: 1px solid var(--line); border-radius: 6px; background: var(--raised); padding: 8px 12px; display: grid; gap: 6px; overflow-wrap: anywhere; }
.finding.current { border-color: var(--accent); box-shadow: inset 3px 0 0 var(--accent); }
.finding ol { list-style: none; padding: 0; font-size: 13px; color: var(--dim); }
details > summary { cursor: pointer; color: var(--accent); font-size: 13px; }
details[open] > summary { margin-bottom: 6px; }
.swatch { display: inline-block; width: 10px; height: 10px; border-radius: 2px; border: 1px solid var(--dim); margin-right: 4px; }
.space { width: 100%; height: auto; display: block; }
.space text { font: 11px var(--mono); fill: var(--text); }
.space .axis { fill: var(--dim); }
footer { padding: 0 20px 24px; max-width: 1720px; margin: 0 auto; color: var(--dim); font-size: 13px; }
@media (min-width: 1240px) {
  .split { grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); }
}
@media (max-width: 640px) {
  main { padding: 10px; gap: 10px; }
  .card { padding: 10px; }
  .top { padding: 8px 10px; }
  #table-findings tr { display: grid; grid-template-columns: max-content minmax(0, 1fr) max-content max-content; border-bottom: 1px solid var(--line); }
  #table-findings :is(td, th) { border-bottom: 0; padding: 4px 6px; }
  #table-findings td.wide { grid-column: 1 / -1; min-width: 0; }
  #table-findings th:last-child { grid-column: 1 / -1; }
  .tiles li { min-width: 72px; padding: 4px 8px; }
  .command { flex-wrap: wrap; }
  .command code { flex-basis: 100%; }
}
@media (prefers-reduced-motion: no-preference) { html { scroll-behavior: smooth; } }
@media print { .tools, .top nav, .skip { display: none; } .card { break-inside: avoid; } }
`;
