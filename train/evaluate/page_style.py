"""The look of the page: one sheet for light, dark, narrow, wide and paper."""

CSS = """
:root {
  color-scheme: light dark;
  --paper: #fcfbf8; --ink: #22242a; --quiet: #62656d; --rule: #e0ddd5; --wash: #f3f0e9;
  --pass: #33659c; --fail: #e9e4da; --other: #a4651e; --band: #bfd2e6; --warn: #8c3b12; --warn-wash: #fbeee2;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, "URW Palladio L", "Book Antiqua", Georgia, serif;
  --sans: system-ui, -apple-system, "Segoe UI", "Helvetica Neue", "Liberation Sans", Arial, sans-serif;
  --mono: ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #15171a; --ink: #e3e1db; --quiet: #9b9ea6; --rule: #32353b; --wash: #1e2125;
    --pass: #7fb0e2; --fail: #2a2d33; --other: #dfa766; --band: #2f4661; --warn: #f2b184; --warn-wash: #2f221a;
  }
}
* { box-sizing: border-box; }
html { -webkit-text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 16px/1.5 var(--sans); }
main { max-width: 62rem; margin: 0 auto; padding: 3rem 1.25rem 4rem; }
h1, h2, .amount { font-family: var(--serif); font-weight: 500; text-wrap: balance; }
h1 { font-size: 2.3rem; line-height: 1.15; margin: 0 0 .5rem; overflow-wrap: anywhere; }
h2 { font-size: 1.5rem; line-height: 1.25; margin: 3.25rem 0 .25rem; overflow-wrap: anywhere; }
h3 { font-size: 1rem; margin: 2rem 0 .4rem; }
p { margin: .3rem 0; max-width: 46rem; overflow-wrap: anywhere; }
.quiet, small, caption, summary { color: var(--quiet); }
.amount { font-size: 2.6rem; line-height: 1.2; margin: .8rem 0 0; font-variant-numeric: lining-nums; }
.amount small { font: .95rem var(--sans); }
.warn { margin: 1rem 0 0; padding: .7rem 1.1rem; background: var(--warn-wash); border-left: 3px solid var(--warn); }
.wide { overflow-x: auto; margin-top: 1.5rem; }
table { width: 100%; border-collapse: collapse; font-variant-numeric: tabular-nums lining-nums; }
caption { text-align: left; padding: 0 0 .5rem; font-size: .95rem; }
th, td { padding: .42rem 0 .42rem 1.1rem; text-align: right; vertical-align: middle; font-weight: 400;
  white-space: nowrap; unicode-bidi: isolate; }
th:first-child { padding-left: 0; text-align: left; white-space: normal; overflow-wrap: anywhere; min-width: 7rem; }
thead th { color: var(--quiet); font-size: .85rem; vertical-align: bottom; border-bottom: 1px solid var(--rule); }
tbody tr + tr > * { border-top: 1px solid var(--wash); }
td:has(svg) { width: 45%; min-width: 7rem; }
svg { display: block; width: 100%; height: 12px; }
.track { fill: var(--wash); } .band { fill: var(--band); } .own { fill: var(--pass); } .theirs { fill: var(--other); }
.grid { display: grid; grid-template-columns: repeat(auto-fill, minmax(14px, 1fr)); gap: 3px; margin-top: .6rem;
  padding: 0; list-style: none; }
.grid li { aspect-ratio: 1; border-radius: 2px;
  background: color-mix(in srgb, var(--pass) calc(var(--share) * 100%), var(--fail)); }
.grid .unknown { background: repeating-linear-gradient(135deg, var(--other) 0 2px, var(--fail) 2px 5px); }
.key { font-size: .9rem; color: var(--quiet); }
.key i { display: inline-block; width: .8rem; height: .8rem; border-radius: 2px; margin: 0 .35rem 0 1rem;
  vertical-align: -1px; background: color-mix(in srgb, var(--pass) calc(var(--share) * 100%), var(--fail)); }
.key i.unknown { background: repeating-linear-gradient(135deg, var(--other) 0 2px, var(--fail) 2px 5px); }
.key i:first-child { margin-left: 0; }
details { margin: .5rem 0; border-top: 1px solid var(--wash); }
summary { cursor: pointer; padding: .35rem 0; overflow-wrap: anywhere; }
summary:hover { color: var(--ink); }
:focus-visible { outline: 2px solid var(--pass); outline-offset: 2px; }
pre { margin: .3rem 0 .8rem; padding: .8rem 1rem; background: var(--wash); overflow-x: auto; max-height: 24rem;
  font: .82rem/1.5 var(--mono); unicode-bidi: isolate; }
code { font-family: var(--mono); font-size: .9em; overflow-wrap: anywhere; }
footer { margin-top: 3.5rem; padding-top: 1rem; border-top: 1px solid var(--rule); font-size: .9rem; }
@media (max-width: 640px) {
  body { font-size: 15px; }
  main { padding: 1.75rem 1rem 3rem; }
  h1, .amount { font-size: 1.8rem; }
  table { font-size: .85rem; }
  th, td { padding-left: .6rem; }
  td:has(svg) { width: 30%; min-width: 4rem; }
}
@media print {
  :root { color-scheme: light; --paper: #fff; --ink: #000; --quiet: #555; --rule: #bbb; --wash: #f3f3f3;
    --pass: #33659c; --fail: #e9e4da; --other: #a4651e; --band: #bfd2e6; --warn: #8c3b12; --warn-wash: #fff; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  body { font-size: 10pt; }
  main { max-width: none; padding: 0; }
  .wide, pre { overflow: visible; }
  pre { white-space: pre-wrap; max-height: none; }
  tr { break-inside: avoid; }
}
"""
