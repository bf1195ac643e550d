import { describe, expect, test } from 'vitest';
import {
  buildDataset,
  copyText,
  datasetDigest,
  restaurantDataset,
  TABLE_NAMES,
} from './dataset.ts';
import { parseMenu, restaurant } from './restaurant.ts';

describe('the data set', () => {
  test('seed 1 with 1,000 stores gives the digest that published results carry', () => {
    expect(datasetDigest(1, 1_000)).toBe(
      'e935ec7bfbd2c356532e50a47c384ffe176164f7813d4f66f26218b80b738187',
    );
  });

  test('another seed gives other stores and the same restaurant', () => {
    const [one, two] = [buildDataset(1, 5), buildDataset(2, 5)];
    expect(two.stores[1]).not.toEqual(one.stores[1]);
    for (const table of TABLE_NAMES) {
      const { length } = restaurantDataset()[table];
      expect(two[table].slice(0, length)).toEqual(one[table].slice(0, length));
    }
  });

  test('the first 10 stores are the same whether 10 or 50 are asked for', () => {
    const few = buildDataset(1, 10);
    expect(buildDataset(1, 50).products.slice(0, few.products.length)).toEqual(few.products);
  });

  test('sizes of 1,000 stores range from under 10 dishes to over 150', () => {
    const dishes = new Map<unknown, number>();
    for (const [, storeId] of buildDataset(1, 1_000).products) {
      dishes.set(storeId, (dishes.get(storeId) ?? 0) + 1);
    }
    const sizes = [...dishes.values()].slice(1);
    expect(sizes).toHaveLength(1_000);
    expect(Math.min(...sizes)).toBeLessThan(10);
    expect(Math.max(...sizes)).toBeGreaterThan(150);
  });

  test('every slug is unique', () => {
    const slugs = buildDataset(1, 1_000).stores.map(([, slug]) => slug);
    expect(new Set(slugs).size).toBe(slugs.length);
  });
});

describe('the restaurant', () => {
  const { categories } = restaurant();
  const dishes = categories.flatMap((category) => category.dishes);

  test('has 37 categories and 240 dishes, no name twice, one at 150 yuan', () => {
    expect(categories).toHaveLength(37);
    expect(dishes).toHaveLength(240);
    expect(new Set(dishes.map(({ name }) => name)).size).toBe(240);
    expect(dishes.filter(({ priceYuan }) => priceYuan === 150)).toHaveLength(1);
  });

  test('names every dish in Chinese and in English', () => {
    const odd = dishes.filter(({ name }) => !/^\p{Script=Han}+ [A-Z][A-Za-z' ,-]+$/u.test(name));
    expect(odd).toEqual([]);
  });

  test('has option groups and promotions in most categories, so that most queries find rows', () => {
    const withOptions = categories.filter(({ optionGroups }) => optionGroups.length > 0);
    const withPromotions = categories.filter(({ promotions }) => promotions.length > 0);
    expect(withOptions.length).toBeGreaterThanOrEqual(30);
    expect(withPromotions.length).toBeGreaterThanOrEqual(30);
  });

  test('a line that is no dish stops the reading and is named', () => {
    expect(() => parseMenu('# Soups\n- Soup without a price')).toThrow('line 2');
  });
});

test('COPY text escapes tabs, line ends and backslashes, also inside arrays', () => {
  const text = copyText([[1, 'a\tb\\c\nd', ['x', 'y"z', 'back\\slash']]]);
  expect(text).toBe('1\ta\\tb\\\\c\\nd\t{"x","y\\\\"z","back\\\\\\\\slash"}\n');
});
