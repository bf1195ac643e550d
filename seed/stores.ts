import { base, en, Faker } from '@faker-js/faker';
import type { MenuCategory, StoreMenu } from './menu.ts';

/** Most dishes that a generated store has; the restaurant with its 240 stays the largest. */
const MAX_DISHES = 200;

const CATEGORY_NAMES = [
  'Starters',
  'Salads',
  'Soups',
  'Noodles',
  'Rice',
  'Dumplings',
  'Grill',
  'Fish',
  'Poultry',
  'Beef',
  'Vegetables',
  'Tofu',
  'Hotpot',
  'Snacks',
  'Sweets',
  'Coffee',
  'Tea',
  'Juices',
];

const OPTION_GROUPS = [
  { name: 'Size', choices: ['small', 'medium', 'large'] },
  { name: 'Heat', choices: ['none', 'mild', 'medium', 'fierce'] },
  { name: 'Served', choices: ['cold', 'warm'] },
  { name: 'Packing', choices: ['eat here', 'take away'] },
];

/**
 * The other stores of the platform. Sizes are log-uniform from 6 to 200 dishes: many small menus,
 * a few long ones.
 * @param seed - Whole number; the same seed and count give the same stores.
 * @param count - Number of stores. Store n does not depend on how many follow it.
 */
export function generatedStores(seed: number, count: number): StoreMenu[] {
  // Only English is imported: all locales together take longer to load than the stores to make.
  const faker = new Faker({ locale: [en, base], seed });
  return Array.from({ length: count }, (_, index) => store(faker, index + 1));
}

function store(faker: Faker, number: number): StoreMenu {
  const dishes = Math.round(6 * (MAX_DISHES / 6) ** faker.number.float());
  const categoryCount = Math.min(CATEGORY_NAMES.length, Math.max(2, Math.round(dishes / 7)));
  const names = faker.helpers.arrayElements(CATEGORY_NAMES, categoryCount);
  const categories = names.map((name) => emptyCategory(faker, name));
  for (let index = 0; index < dishes; index += 1) {
    categories[index % categoryCount]?.dishes.push({
      name: faker.food.dish(),
      description: sentence(
        `${faker.food.adjective()} ${faker.food.ingredient()} with ${faker.food.adjective()} ${faker.food.vegetable()}`,
      ),
      priceYuan: faker.number.int({ min: 60, max: 1_800 }) / 10,
    });
  }
  return {
    // The number keeps it unique and easy to address in load scripts.
    slug: `store-${String(number).padStart(5, '0')}`,
    name: faker.company.name(),
    city: faker.location.city(),
    theme: {
      accent: faker.color.rgb({ casing: 'lower' }),
      tagline: faker.company.catchPhrase(),
      currency: 'CNY',
    },
    categories,
  };
}

function sentence(words: string): string {
  return `${words.slice(0, 1).toUpperCase()}${words.slice(1)}.`;
}

function emptyCategory(faker: Faker, name: string): MenuCategory {
  return {
    name,
    dishes: [],
    optionGroups: faker.helpers.arrayElements(OPTION_GROUPS, { min: 0, max: 2 }),
    promotions: faker.datatype.boolean(0.6)
      ? [
          {
            title: faker.commerce.productAdjective(),
            percentOff: faker.number.int({ min: 5, max: 30 }),
          },
        ]
      : [],
  };
}
