#include "evaluation/page/sections.h"

namespace hoarfrost::evaluation::page {

// Right is blue and wrong is orange, which people with any colour vision tell apart.
const std::string_view kStyle = R"css(
:root{color-scheme:light dark;--page:#f4f7fa;--panel:#fff;--ink:#17212b;--muted:#566473;--line:#d8e0e8;--grid:#e8edf2;
--right:#1c6cb4;--wrong:#c4500a;--third:#6b7a89;--on:#fff;--mid:#17212b;--shade:#eef3f8;--warn:#fff4e5}
@media (prefers-color-scheme:dark){:root{--page:#0e141a;--panel:#161e27;--ink:#e4ebf2;--muted:#9aa8b6;--line:#2b3743;--grid:#222d38;
--right:#69b1f5;--wrong:#ff9b57;--third:#8898a8;--on:#0b1117;--mid:#0b1117;--shade:#1b2530;--warn:#33240f}}
*{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,-apple-system,"Segoe UI",Roboto,"DejaVu Sans",sans-serif}
main,header,footer{max-width:1160px;margin:0 auto;padding:0 20px}
header{padding-top:28px}
h1{font-size:1.6rem;line-height:1.25;margin:0;overflow-wrap:anywhere;font-weight:650}
h1 span{color:var(--muted);font-weight:400}
h2{font-size:1.15rem;margin:0 0 4px;font-weight:650}
h3{font-size:.95rem;margin:0 0 6px;font-weight:650}
p{margin:0 0 12px}
.muted,figcaption{color:var(--muted);font-size:.86rem}
nav{margin:10px 0 18px;font-size:.9rem}
nav a{margin-right:16px}
a{color:var(--right)}
section{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:18px 20px;margin:0 0 18px}
.warning{background:var(--warn);border:1px solid var(--wrong);border-radius:10px;padding:10px 16px;margin:0 0 18px}
.tiles{display:grid;grid-template-columns:repeat(auto-fit,minmax(158px,1fr));gap:12px;margin:0 0 18px;padding:0}
.tiles div{background:var(--panel);border:1px solid var(--line);border-radius:10px;padding:12px 14px}
.tiles dt{color:var(--muted);font-size:.8rem}
.tiles dd{margin:0}
.tiles dd:first-of-type{font-size:1.5rem;font-weight:650;font-variant-numeric:tabular-nums;line-height:1.3}
.tiles dd:last-of-type{color:var(--muted);font-size:.8rem}
.scroll{overflow-x:auto}
.tall{max-height:34rem;overflow:auto}
table{border-collapse:collapse;font-variant-numeric:tabular-nums;width:100%;font-size:.9rem}
caption{text-align:left;color:var(--muted);font-size:.86rem;padding-bottom:6px}
th,td{padding:4px 10px;border-bottom:1px solid var(--grid);text-align:right;white-space:nowrap}
th:first-child,td:first-child,td.name,th.name{text-align:left}
tbody th{font-weight:500;white-space:normal;overflow-wrap:anywhere;min-width:7rem}
thead th{position:sticky;top:0;background:var(--panel);border-bottom:1px solid var(--line);font-weight:600;font-size:.82rem;z-index:1}
thead button{all:unset;cursor:pointer;padding:2px 0}
thead button:focus-visible{outline:2px solid var(--right);outline-offset:2px}
th[aria-sort=ascending] button::after{content:" ↑"}
th[aria-sort=descending] button::after{content:" ↓"}
tfoot td,tfoot th{border-top:1px solid var(--line);border-bottom:0;font-weight:600}
td.bar{background:linear-gradient(var(--bar),var(--bar)) no-repeat 3px 2px/calc(var(--v)*(100% - 6px)) calc(100% - 4px);--bar:color-mix(in srgb,var(--right) 18%,transparent)}
.split{display:grid;grid-template-columns:minmax(0,1fr) minmax(15rem,19rem);gap:24px;align-items:start}
.split.wide{grid-template-columns:minmax(0,1fr)}
.split.wide table{max-width:36rem}
@media (max-width:860px){.split{grid-template-columns:minmax(0,1fr)}}
figure{margin:0}
svg{display:block;max-width:100%;height:auto}
svg text{fill:var(--ink);font-size:11px;font-family:inherit}
svg .soft{fill:var(--muted)}
svg .on{fill:var(--on)}
svg .mid{fill:var(--mid)}
svg .cell-right{fill:var(--right)}
svg .cell-wrong{fill:var(--wrong)}
svg .frame{fill:none;stroke:var(--line)}
svg .empty{fill:none;stroke:var(--grid)}
svg .gridline{stroke:var(--grid)}
svg .axis{stroke:var(--third)}
svg .chance{stroke:var(--third);stroke-dasharray:3 4;fill:none}
svg .main{stroke:var(--right);fill:none;stroke-width:2.2;stroke-linejoin:round}
svg .second{stroke:var(--wrong);fill:none;stroke-width:2;stroke-dasharray:6 3;stroke-linejoin:round}
svg .thin{stroke:var(--third);fill:none;stroke-width:1;opacity:.45}
svg .thin:hover{stroke:var(--wrong);opacity:1;stroke-width:2}
svg .area-right{fill:var(--right)}
svg .area-wrong{fill:var(--wrong)}
svg .mark{fill:var(--wrong)}
.plots{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(320px,100%),1fr));gap:22px 26px}
.key{display:inline-block;width:1.1em;height:.7em;border-radius:2px;vertical-align:baseline;margin-right:.35em}
.key.r{background:var(--right)}.key.w{background:var(--wrong)}.key.t{background:var(--third);opacity:.6}
.cards{display:grid;grid-template-columns:repeat(auto-fill,minmax(158px,1fr));gap:16px;list-style:none;margin:0;padding:0}
.cards figure{background:var(--shade);border:1px solid var(--line);border-radius:8px;overflow:hidden;height:100%;break-inside:avoid}
.cards img,.cards .none{display:block;width:100%;height:auto;aspect-ratio:1;object-fit:contain;background:#000}
.cards img.pixels{image-rendering:pixelated}
.cards .none{display:grid;place-items:center;background:var(--grid);color:var(--muted);font-size:.8rem}
.cards figcaption{padding:8px 10px;color:var(--ink);font-size:.84rem;overflow-wrap:anywhere}
.cards code{display:block;color:var(--muted);font:.76rem/1.4 ui-monospace,"DejaVu Sans Mono",monospace;margin-top:4px}
.level{display:block;height:4px;border-radius:2px;background:var(--grid);margin:1px 0 5px}
.level i{display:block;height:100%;border-radius:2px;background:var(--c);width:calc(var(--v)*100%)}
.level.w{--c:var(--wrong)}.level.r{--c:var(--right)}
.pair{display:flex;justify-content:space-between;gap:8px}
.pair b{font-weight:600}
details dl{display:grid;grid-template-columns:max-content 1fr;gap:4px 16px;font-size:.9rem;margin:10px 0 0}
details dt{font-weight:600}details dd{margin:0}
@media (max-width:560px){details dl{grid-template-columns:1fr}details dd{margin-bottom:6px}section{padding:14px}main,header,footer{padding-left:12px;padding-right:12px}}
footer{padding-bottom:28px;color:var(--muted);font-size:.82rem}
@media print{:root{--page:#fff;--panel:#fff;--ink:#000;--muted:#444;--line:#bbb;--grid:#ddd;--right:#1c6cb4;--wrong:#c4500a;--on:#fff;--mid:#000;--shade:#fff;--third:#666}
body{font-size:11px;-webkit-print-color-adjust:exact;print-color-adjust:exact}nav{display:none}section{border:0;padding:0 0 12px;break-inside:auto}
.tall,.scroll{max-height:none;overflow:visible}thead th{position:static}h2,h3{break-after:avoid}.plots figure,.tiles div{break-inside:avoid}
.tiles{grid-template-columns:repeat(4,1fr)}.cards{grid-template-columns:repeat(5,1fr)}.plots{grid-template-columns:repeat(2,1fr)}}
)css";

const std::string_view kScript = R"js(
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const down = head.getAttribute("aria-sort") !== "descending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", down ? "descending" : "ascending");
    const body = table.tBodies[0];
    const value = row => row.cells[column].dataset.v;
    const rows = [...body.rows].sort((a, b) => {
      const [x, y] = [value(a), value(b)];
      const order = x === undefined || y === undefined
        ? a.cells[column].textContent.localeCompare(b.cells[column].textContent, undefined, {numeric: true})
        : (x === "" ? -1 : +x) - (y === "" ? -1 : +y);
      return down ? -order : order;
    });
    body.append(...rows);
  }));
}
)js";

}  // namespace hoarfrost::evaluation::page
