"""The look of the report: one sheet for light, dark, narrow, wide and paper."""

CSS = """
:root {
  color-scheme: light dark;
  --paper: #fcfbf8; --ink: #22242a; --quiet: #62656d; --rule: #e0ddd5; --wash: #f3f0e9;
  --files: #33659c; --files-gone: #bfd2e6; --bytes: #a4651e; --bytes-gone: #ecd2b2; --time: #6f7480;
  --warn: #8c3b12; --warn-wash: #fbeee2;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "Book Antiqua", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --ink: #e3e1db; --quiet: #9b9ea6; --rule: #32353b; --wash: #1e2125;
    --files: #7fb0e2; --files-gone: #2f4661; --bytes: #dfa766; --bytes-gone: #5a4122; --time: #9a9fab;
    --warn: #f2b184; --warn-wash: #2f221a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 var(--sans); }
main { max-width: 62rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
h1, h2, .amount { font-family: var(--serif); font-weight: 500; text-wrap: balance; }
h1 { font-size: 2.3rem; line-height: 1.15; margin: 0 0 .5rem; }
h2 { font-size: 1.4rem; line-height: 1.25; margin: 3.25rem 0 .25rem; }
p { margin: .3rem 0; max-width: 46rem; overflow-wrap: anywhere; }
.quiet, small, caption, summary, dt { color: var(--quiet); }
.totals { display: grid; grid-template-columns: repeat(3, 1fr); gap: 1.5rem; margin: 2.25rem 0 0; padding: 1.25rem 0;
  border: solid var(--rule); border-width: 1px 0; }
.totals dt { font-size: .95rem; }
.totals dd { margin: 0; }
.amount { font-size: 2.3rem; line-height: 1.2; font-variant-numeric: lining-nums; }
.amount small, dd small { font: .95rem var(--sans); white-space: nowrap; }
.warnings { margin: 1.75rem 0 0; padding: .8rem 1.1rem; background: var(--warn-wash);
  border-left: 3px solid var(--warn); }
.warnings h2 { margin: 0; font: 600 1rem var(--sans); color: var(--warn); }
.warnings ul { margin: .25rem 0 0; padding-left: 1.1rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
.wide + .wide { margin-top: 1.75rem; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums lining-nums; }
caption { text-align: left; padding: 0 0 .6rem; font-size: .95rem; }
th, td { padding: .42rem 0 .42rem 1.1rem; text-align: right; vertical-align: baseline; font-weight: 400;
  unicode-bidi: isolate; }
td { min-width: 5.1rem; white-space: nowrap; }
th:first-child { padding-left: 0; text-align: left; width: 100%; }
thead th { color: var(--quiet); font-size: .85rem; line-height: 1.25; vertical-align: bottom;
  border-bottom: 1px solid var(--rule); }
tbody tr + tr > * { border-top: 1px solid var(--wash); }
tbody tr:hover > * { background: var(--wash); }
.labelled { display: flex; flex-wrap: wrap; gap: .25rem 1rem; }
.name { flex: 0 0 13rem; max-width: 100%; overflow-wrap: anywhere; line-height: 1.35; }
.name small { display: block; font-size: .82rem; }
.name:has(small) { flex-basis: 17rem; }
svg { display: block; flex: 1 1 7rem; min-width: 4rem; width: 100%; margin-top: .18rem; }
svg[height="8"] { margin-top: .5rem; }
.files { fill: var(--files); background: var(--files); }
.files-gone { fill: var(--files-gone); background: var(--files-gone); }
.bytes { fill: var(--bytes); background: var(--bytes); }
.bytes-gone { fill: var(--bytes-gone); background: var(--bytes-gone); }
.time { fill: var(--time); background: var(--time); }
.mark { fill: var(--ink); background: var(--ink); stroke: var(--paper); stroke-width: 4px; paint-order: stroke;
  vector-effect: non-scaling-stroke; }
.limit { stroke: var(--ink); stroke-width: 1.5px; stroke-dasharray: 4 2; vector-effect: non-scaling-stroke; }
.legend { display: block; }
.legend > span { display: inline-block; margin-right: 1.1rem; }
.legend i { display: inline-block; width: .7rem; height: .55rem; margin-right: .4rem; }
.legend i.mark { width: .2rem; }
details { margin: .6rem 0; }
.facts th:first-child { width: auto; white-space: nowrap; color: var(--quiet); }
.facts td { text-align: left; white-space: normal; overflow-wrap: anywhere; width: 100%; }
summary { cursor: pointer; padding: .3rem 0; }
summary:hover { color: var(--ink); }
:focus-visible { outline: 2px solid var(--files); outline-offset: 2px; }
pre { margin: .5rem 0; padding: .9rem 1.1rem; background: var(--wash); overflow-x: auto; font: .82rem/1.5 ui-monospace,
  "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
h3 { font: 500 .95rem var(--sans); margin: 1rem 0 .2rem; }
.cards { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 15.5rem), 1fr)); gap: 1.5rem 1.75rem;
  margin: 1rem 0 1.5rem; }
figure { margin: 0; min-width: 0; }
figcaption { line-height: 1.3; margin-bottom: .45rem; overflow-wrap: anywhere; }
figcaption small { display: block; font-size: .8rem; }
.plot { border-bottom: 1px solid var(--rule); }
.ends, .answer { display: flex; justify-content: space-between; gap: .6rem; font-size: .8rem; color: var(--quiet);
  font-variant-numeric: tabular-nums; }
.answer span:first-child { flex: 0 0 1.6rem; }
.limits, .labelled ul, details ul { list-style: none; margin: .3rem 0 0; padding: 0; font-size: .8rem;
  overflow-wrap: anywhere; color: var(--quiet); }
.limits b { font-weight: 500; color: var(--ink); }
.sample { margin: .8rem 0 1.2rem; }
.sample pre { max-height: 22rem; overflow: auto; margin-top: .3rem; }
.sample p { font-size: .85rem; }
th details { margin: 0; overflow-wrap: anywhere; }
th summary { padding: 0; color: var(--ink); }
footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--rule); font-size: .9rem; }
@media (max-width: 640px) {
  body { font-size: 15px; }
  main { padding: 1.75rem 1rem 3rem; }
  h1, .amount { font-size: 1.7rem; }
  .totals { gap: .75rem; }
  .amount small { display: block; }
  dd small { white-space: normal; }
  table { font-size: .85rem; }
  th, td { padding-left: .6rem; }
  td { min-width: 0; }
  .name, .name:has(small) { flex-basis: 100%; min-width: 5.5rem; }
  svg, svg[height="8"] { margin: .1rem 0 .15rem; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --quiet: #555; --rule: #bbb; --wash: #f3f3f3;
    --files: #33659c; --files-gone: #bfd2e6; --bytes: #a4651e; --bytes-gone: #ecd2b2; --time: #6f7480;
    --warn: #8c3b12; --warn-wash: #fff; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  h2, caption, thead { break-after: avoid; }
  h2 { margin-top: 1.6rem; }
  table { font-size: 9pt; }
  td { min-width: 0; }
  .name { flex-basis: 9rem; }
  tr, .totals, .warnings { break-inside: avoid; }
  .wide, pre { overflow: visible; }
  pre { white-space: pre-wrap; }
  details::details-content { content-visibility: visible; display: block; height: auto; }
}
"""
