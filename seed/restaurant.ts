import { readFileSync } from 'node:fs';
import type { MenuCategory, StoreMenu } from './menu.ts';

/** Slug of the story's restaurant. */
const RESTAURANT_SLUG = 'lao-zhang';

/** Id of the story's restaurant: the first row of `stores`. */
export const RESTAURANT_ID = 1;

/**
 * 老张餐馆 in Chengdu: 37 categories and 240 dishes, written by hand in `lao-zhang.txt`. The same in
 * every data set, whatever its seed.
 */
export function restaurant(): StoreMenu {
  return {
    slug: RESTAURANT_SLUG,
    name: '老张餐馆 Lao Zhang',
    city: '成都 Chengdu',
    theme: {
      accent: '#b3261e',
      tagline: '一菜一格，百菜百味 One dish, one style; a hundred dishes, a hundred flavours.',
      currency: 'CNY',
    },
    categories: parseMenu(readFileSync(new URL('./lao-zhang.txt', import.meta.url), 'utf8')),
  };
}

/**
 * Reads the menu's text form: lines that begin with `#`, `-`, `?` and `%`; prose before the first
 * category is a comment.
 * @throws Error naming the line that it cannot read: a dish is never left out silently.
 */
export function parseMenu(text: string): MenuCategory[] {
  const categories: MenuCategory[] = [];
  let current: MenuCategory | undefined;
  for (const [index, line] of text.split('\n').entries()) {
    const heading = /^# (.+)$/.exec(line);
    if (heading?.[1] !== undefined) {
      current = { name: heading[1], dishes: [], optionGroups: [], promotions: [] };
      categories.push(current);
    } else if (current !== undefined && line !== '' && !readEntry(line, current)) {
      throw new Error(`menu line ${index + 1} is no dish, option group or promotion: ${line}`);
    }
  }
  return categories;
}

function readEntry(line: string, category: MenuCategory): boolean {
  const dish = /^- (.+) ¥(\d+): (.+)$/.exec(line);
  if (dish !== null) {
    const [, name = '', price = '', description = ''] = dish;
    category.dishes.push({ name, description, priceYuan: Number(price) });
    return true;
  }
  const options = /^\? (.+?): (.+)$/.exec(line);
  if (options !== null) {
    const [, name = '', choices = ''] = options;
    category.optionGroups.push({ name, choices: choices.split(', ') });
    return true;
  }
  const promotion = /^% (\d+) (.+)$/.exec(line);
  if (promotion !== null) {
    const [, percentOff = '', title = ''] = promotion;
    category.promotions.push({ title, percentOff: Number(percentOff) });
    return true;
  }
  return false;
}
