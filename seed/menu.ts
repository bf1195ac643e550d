/** A category of a store's menu, as written down: no ids, no positions (the order gives them). */
export interface MenuCategory {
  name: string;
  dishes: { name: string; description: string; priceYuan: number }[];
  optionGroups: { name: string; choices: string[] }[];
  promotions: { title: string; percentOff: number }[];
}

/** A store with all that its page shows. */
export interface StoreMenu {
  slug: string;
  name: string;
  city: string;
  theme: { accent: string; tagline: string; currency: string };
  categories: MenuCategory[];
}
