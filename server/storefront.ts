import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { Catalog } from './catalog/page.ts';
import { html, joined, raw } from './html.ts';
import type { Html } from './html.ts';
import { renderQueryPanel } from './query-panel.ts';
import type { PanelFacts } from './query-panel.ts';

const CSS = readFileSync(new URL('./storefront.css', import.meta.url), 'utf8');

/**
 * The HTML storefront of a store: its menu, and a panel with the queries that this page cost.
 * No script, no request to anywhere.
 * @returns The document, and the value of the `content-security-policy` header that it needs: the
 * one style sheet is allowed by its hash.
 */
export function renderStorefront(
  catalog: Catalog,
  panel: PanelFacts,
): { html: string; contentSecurityPolicy: string } {
  const style = `:root{--accent:${accentOf(catalog)}}\n${CSS}`;
  const hash = createHash('sha256').update(style).digest('base64');
  const document = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${catalog.store.name}</title>
<link rel="icon" href="data:,">
<style>${raw(style)}</style>
</head>
<body>
<header>
<h1>${bilingual(catalog.store.name)}</h1>
<p>${catalog.theme?.tagline ?? ''}</p>
<p>${catalog.store.city}</p>
</header>
<div class="shop">
<nav aria-label="Categories"><ul>${joined(catalog.categories.map(categoryLink))}</ul></nav>
<main>${joined(catalog.categories.map((category) => renderCategory(category, catalog.theme?.currency)))}</main>
</div>
${renderQueryPanel(panel, catalog.menuVersion)}
</body>
</html>
`;
  return {
    html: document.text,
    contentSecurityPolicy: `default-src 'none'; style-src 'sha256-${hash}'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}

/** The theme's colour; only a plain hex colour gets into the style sheet. */
function accentOf(catalog: Catalog): string {
  const accent = catalog.theme?.accent ?? '';
  return /^#[0-9a-f]{6}$/i.test(accent) ? accent : '#76808c';
}

type Category = Catalog['categories'][number];

function categoryLink(category: Category): Html {
  return html`<li><a href="#c${category.id}">${bilingual(category.name)}</a></li>`;
}

function renderCategory(category: Category, currency: string | undefined): Html {
  const offers = category.promotions.map(
    ({ title, percentOff }) =>
      html`<span class="offer"><strong>−${percentOff} %</strong> ${title}</span>`,
  );
  const options = category.optionGroups.map(
    ({ name, choices }) => html`<span><strong>${name}</strong> ${choices.join(' · ')}</span>`,
  );
  const notes = [...offers, ...options];
  const dishes = category.products.map(
    (dish) => html`<li>
<h3><span class="name">${bilingual(dish.name)}</span><span class="price">${formatPrice(dish.price, currency)}</span></h3>
<p>${dish.description}</p>
</li>`,
  );
  return html`<section id="c${category.id}">
<h2>${bilingual(category.name)}</h2>
${notes.length === 0 ? '' : html`<div class="notes">${joined(notes)}</div>`}
<ul class="dishes">${joined(dishes)}</ul>
</section>
`;
}

/** `麻婆豆腐 Mapo tofu` in its two parts; other names are English alone. */
function splitName(name: string): [chinese: string | undefined, english: string] {
  const match = /^(\p{Script=Han}+) (.+)$/u.exec(name);
  return match === null ? [undefined, name] : [match[1], match[2] ?? ''];
}

function bilingual(name: string): Html {
  const [chinese, english] = splitName(name);
  if (chinese === undefined) return html`${english}`;
  return html`<span lang="zh">${chinese}</span> <span lang="en">${english}</span>`;
}

function formatPrice(price: number, currency = ''): string {
  const amount = Number.isInteger(price) ? String(price) : price.toFixed(2);
  return currency === 'CNY' ? `¥${amount}` : `${currency} ${amount}`.trim();
}
