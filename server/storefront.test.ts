import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import type { Catalog } from './catalog/page.ts';
import type { QueryLogEntry } from './catalog/types.ts';
import type { PanelFacts } from './query-panel.ts';
import { renderStorefront } from './storefront.ts';

const HOSTILE = `<script>alert("1")</script>'&`;
const ESCAPED = '&lt;script&gt;alert(&quot;1&quot;)&lt;/script&gt;&#39;&amp;';

const catalog: Catalog = {
  store: { id: 1, slug: 'lao-zhang', name: '老张餐馆 Lao Zhang', city: '成都 Chengdu' },
  theme: { accent: '#b3261e', tagline: 'A hundred flavours', currency: 'CNY' },
  menuVersion: 7,
  categories: [
    {
      id: 4,
      name: '招牌菜 House signatures',
      products: [
        {
          id: 1,
          name: '樟茶鸭 Tea-smoked duck',
          description: '',
          price: 150,
          version: 1,
          position: 1,
        },
        {
          id: 2,
          name: 'Sweet-water noodles',
          description: '',
          price: 12.5,
          version: 1,
          position: 2,
        },
      ],
      optionGroups: [{ id: 1, name: 'Heat', choices: ['mild', 'fierce'] }],
      promotions: [{ id: 1, title: 'Monday', percentOff: 10 }],
    },
  ],
};

const hit: PanelFacts = {
  outcome: 'hit',
  ageMs: 754_000,
  totalMs: 1.24,
  queries: [],
  policy: 'cached',
};

function query(table: string, micros: number): QueryLogEntry {
  return { shape: `SELECT * FROM ${table} WHERE id = $1`, table, rows: 2, micros };
}

const miss: PanelFacts = {
  outcome: 'miss',
  ageMs: null,
  totalMs: 987.4,
  queries: [
    ...['stores', 'themes', 'categories'].map((table) => query(table, 7_000)),
    ...Array.from({ length: 37 }, () => query('products', 8_000)),
    ...Array.from({ length: 37 }, () => query('option_groups', 7_000)),
    ...Array.from({ length: 37 }, () => query('promotions', 9_000)),
  ],
  policy: 'uncached',
};

const count = (text: string, part: string): number => text.split(part).length - 1;

describe('the menu', () => {
  const page = renderStorefront(catalog, hit).html;

  test('shows dishes in both languages, prices in yuan, options and offers', () => {
    expect(page).toContain('<span lang="zh">樟茶鸭</span> <span lang="en">Tea-smoked duck</span>');
    expect(page).toContain('¥150');
    expect(page).toContain('¥12.50');
    expect(page).toContain('mild · fierce');
    expect(page).toContain('−10 %');
  });

  test('escapes every text that comes out of the database or the policy', () => {
    const hostile: Catalog = {
      store: { ...catalog.store, name: HOSTILE, city: HOSTILE },
      theme: { accent: '#000;}</style><script>', tagline: HOSTILE, currency: HOSTILE },
      menuVersion: 1,
      categories: [
        {
          id: 1,
          name: HOSTILE,
          products: [
            { id: 1, name: HOSTILE, description: HOSTILE, price: 1, version: 1, position: 1 },
          ],
          optionGroups: [{ id: 1, name: HOSTILE, choices: [HOSTILE] }],
          promotions: [{ id: 1, title: HOSTILE, percentOff: 1 }],
        },
      ],
    };
    const queries = [{ shape: HOSTILE, table: HOSTILE, rows: 1, micros: 1 }];
    const panel = { outcome: HOSTILE, ageMs: 1, totalMs: 1, queries, policy: HOSTILE };
    const { html } = renderStorefront(hostile, panel);
    expect(html).not.toContain('<script');
    // Title, heading, tagline, city, link, heading, option, choice, offer, dish, price, description;
    // outcome, policy, tick, table, shape.
    expect(count(html, ESCAPED)).toBe(17);
  });

  test('a store without theme or categories is a page as well', () => {
    const { html } = renderStorefront({ ...catalog, theme: null, categories: [] }, hit);
    expect(html).toContain('老张餐馆');
    expect(html).not.toContain('undefined');
  });
});

test('the policy for browsers allows the one style sheet by its hash, and no script', () => {
  const { html, contentSecurityPolicy } = renderStorefront(catalog, hit);
  const style = /<style>([\s\S]*)<\/style>/.exec(html)?.[1] ?? '';
  const hash = createHash('sha256').update(style).digest('base64');
  expect(contentSecurityPolicy).toContain(`style-src 'sha256-${hash}'`);
  expect(contentSecurityPolicy).toContain("default-src 'none'");
  expect(contentSecurityPolicy).not.toContain('script-src');
  // What that policy would block: attributes with style or script, and anything loaded from outside.
  expect(html).not.toMatch(/ (style|on\w+)="|<script|https?:/);
});

describe('the query panel', () => {
  test('of a miss shows 114 queries, 114 ticks and 37 similar of three shapes', () => {
    const { html } = renderStorefront(catalog, miss);
    const summary = /<summary>([\s\S]*)<\/summary>/.exec(html)?.[1] ?? '';
    expect(summary).toContain('<b>114</b> queries');
    expect(summary).toContain('987 ms');
    expect(summary).toContain('>miss<');
    expect(count(summary, '<rect')).toBe(114);
    expect(count(html, '37 similar')).toBe(3);
    expect(count(html, '1 query<')).toBe(3);
  });

  test('lists the shape that took longest in all first', () => {
    const { html } = renderStorefront(catalog, miss);
    const tables = [...html.matchAll(/<code>SELECT \* FROM (\w+)/g)].map((match) => match[1]);
    expect(tables.slice(0, 3)).toEqual(['promotions', 'products', 'option_groups']);
    expect(html).toContain('333 ms');
  });

  test('of a hit shows 0 queries, no tick and the age', () => {
    const { html } = renderStorefront(catalog, hit);
    expect(html).toContain('<b>0</b> queries');
    expect(html).not.toContain('<rect');
    expect(html).toContain('13 min old');
    expect(html).toContain('>hit<');
  });

  test('of a joined page shows 1 query', () => {
    const queries = [query('all six tables', 9_000)];
    const { html } = renderStorefront(catalog, { ...miss, queries });
    expect(html).toContain('<b>1</b> query<');
    expect(count(html, 'class="other" x=')).toBe(1);
  });
});
