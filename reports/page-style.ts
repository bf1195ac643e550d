import { cssVariables } from './palette.ts';

/** Style sheet of the HTML report. Print comes last: it wins over dark mode. */
export const PAGE_STYLE: string = `
:root{color-scheme:light dark;${cssVariables('light')}}
@media screen and (prefers-color-scheme:dark){:root{${cssVariables('dark')}}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main,header,footer{max-width:56rem;margin:0 auto;padding:0 1rem}
header{padding-top:1.25rem}
h1,h2,h3,h4{line-height:1.25;margin:0 0 .4rem;text-wrap:pretty}
h1{font-size:1.05rem;font-weight:600;overflow-wrap:anywhere}
h2{font-size:1.65rem}
h3{font-size:1.2rem;margin-top:2.2rem}
h4{font-size:1.06rem;margin-top:1.9rem}
p{margin:.4rem 0 .8rem}
a{color:inherit;text-underline-offset:.15em}
a:focus-visible,summary:focus-visible,[tabindex]:focus-visible{outline:3px solid var(--blue);outline-offset:2px}
.soft,.method,.kicker,caption{color:var(--soft)}
.kicker{margin:0 0 .3rem;font-size:.9rem}
.method{font-size:.9rem;margin:0 0 .5rem}
.answer{font-size:1.15rem;font-weight:600;border-left:.3rem solid var(--blue);padding:.35rem 0 .35rem .8rem;margin:.6rem 0 1rem}
.alert{border-left:.3rem solid var(--vermilion);padding:.35rem .8rem;margin:.6rem 0 1rem;background:var(--panel)}
.experiment{padding-top:1.2rem}
.experiment+.experiment{border-top:2px solid var(--grid);margin-top:3rem;padding-top:2rem}
figure{margin:0}
figure svg{display:block;max-width:100%;height:auto;font-family:system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
figure svg text{font-family:inherit}
figure .narrow{display:none}
.chart{break-inside:avoid}
.scroll{overflow-x:auto;max-width:100%}
table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums;width:100%}
th,td{text-align:left;vertical-align:top;padding:.35rem .7rem .35rem 0;border-bottom:1px solid var(--grid)}
thead th{color:var(--soft);font-weight:600;border-bottom:2px solid var(--grid)}
${numericColumns()}
.cards td{min-width:3.2rem}
tbody th{font-weight:600}
.arm-title{display:block;font-weight:400;color:var(--soft);font-size:.85rem}
.tone{display:block}
.tone a{text-decoration:none}
.tone a:hover{text-decoration:underline}
.tone.good{color:var(--good)}
.tone.bad{color:var(--bad)}
.overview{padding-top:1rem}
.unmeasured{color:var(--soft)}
.scorecard td{padding-top:.25rem;padding-bottom:.25rem}
.badge{display:inline-block;border:1px solid var(--soft);border-radius:.8rem;padding:0 .55rem;font-size:.85rem;white-space:nowrap}
.badge.good{border-color:var(--good);color:var(--good)}
.badge.bad{border-color:var(--bad);color:var(--bad)}
details{margin:.3rem 0 .6rem}
summary{cursor:pointer;color:var(--soft);font-size:.9rem;padding:.25rem 0}
details table{width:auto;min-width:50%}
details .scroll{max-height:24rem;overflow:auto}
pre{background:var(--panel);padding:.7rem .9rem;border-radius:.3rem;white-space:pre-wrap;overflow-wrap:anywhere;font:.9rem/1.5 ui-monospace,"DejaVu Sans Mono",monospace}
dl{display:grid;grid-template-columns:minmax(8rem,auto) 1fr;gap:.25rem 1rem;font-size:.9rem;margin:0}
dt{color:var(--soft)}
dd{margin:0;overflow-wrap:anywhere}
ul,ol{padding-left:1.2rem;margin:.3rem 0 .8rem}
li{margin:.2rem 0}
footer{padding-top:2rem;padding-bottom:3rem}
@media (max-width:44rem){
body{font-size:15px}
h2{font-size:1.35rem}
figure .wide{display:none}
figure .narrow{display:block}
dl{grid-template-columns:1fr}
dd{margin-bottom:.4rem}
}
@media screen and (max-width:54rem){
table.cards,.cards tbody,.cards tr,.cards td,.cards th{display:block}
.cards thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.cards tr{border-bottom:1px solid var(--grid);padding:.5rem 0}
.cards td,.cards th,.cards td{border:0;padding:.1rem 0;text-align:left;white-space:normal}
.cards td{display:grid;grid-template-columns:10.6rem 1fr}
.cards .badge{justify-self:start}
.cards td:has(.unmeasured){display:none}
.cards td::before{content:attr(data-label);color:var(--soft)}
}
@page{margin:1.6cm 1.4cm}
@media print{
:root{${cssVariables('light')}}
body{font-size:10.5pt}
main,header,footer{max-width:none;padding:0}
.experiment+.experiment{break-before:page;border:0;margin:0}
details{display:none}
figure .wide{display:block}
figure .narrow{display:none}
figure svg{max-width:17cm}
a{text-decoration:none}
h3,h4{break-after:avoid}
tr,li{break-inside:avoid}
}
`.replaceAll('\n', '');

/** `n3` on a table: its third column holds numbers. */
function numericColumns(): string {
  const cells = Array.from({ length: 16 }, (_, at) => `.n${at + 1} :nth-child(${at + 1})`);
  return `:is(${cells.map((cell) => `${cell}:is(td,th)`).join()}){text-align:right;white-space:nowrap}`;
}
