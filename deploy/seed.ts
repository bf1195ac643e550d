import { seedDatabase } from '../seed/load.ts';

// One-shot service of docker-compose.yml: fills the database that CACHELAB_PG_URL names, then ends.
const url = process.env['CACHELAB_PG_URL'];
if (url === undefined) throw new Error('CACHELAB_PG_URL is not set');
const { stores, products, seconds } = await seedDatabase({
  url,
  seed: Number(process.env['CACHELAB_SEED'] ?? 1),
  stores: Number(process.env['CACHELAB_STORES'] ?? 1000),
});
process.stdout.write(`${stores} stores with ${products} dishes in ${seconds.toFixed(1)} s\n`);
