import type { Hands } from '../../lab/protocol.ts';

/**
 * Makes every load fail at its first statement, and heals it: the table of stores goes by another name meanwhile. A
 * statement that Postgres cannot parse is counted by nobody, so both witnesses of the SELECTs still agree.
 */
export async function breakTheQuery(
  hands: Hands,
): Promise<{ set(broken: boolean): Promise<void> }> {
  const client = await hands.connect();
  await client.query("SET lock_timeout = '2s'");
  let isBroken = false;
  return {
    async set(broken) {
      if (broken === isBroken) return;
      await client.query(
        broken
          ? 'ALTER TABLE cachelab.stores RENAME TO stores_away'
          : 'ALTER TABLE cachelab.stores_away RENAME TO stores',
      );
      isBroken = broken;
      hands.event(broken ? 'fault' : 'heal', broken ? 'loads fail' : 'loads work again');
    },
  };
}
