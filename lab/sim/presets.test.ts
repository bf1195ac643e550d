import { expect, test } from 'vitest';
import { PRESETS } from '../../server/cache/presets.ts';
import { SERVICE_PRESET_NAMES, servicePolicy } from '../../sim/service/presets.ts';

test('the presets of the service model have the settings of the server’s', () => {
  expect(SERVICE_PRESET_NAMES.length).toBeGreaterThan(8);
  const plain = servicePolicy('cached');
  for (const name of SERVICE_PRESET_NAMES) {
    const modelled: Record<string, unknown> = { ...servicePolicy(name) };
    const served: Record<string, unknown> = {
      ...PRESETS.find((preset) => preset.name === name)?.settings,
    };
    const said = Object.keys(served).filter((setting) => setting in modelled);
    const own = Object.keys(plain).filter(
      (setting) => modelled[setting] !== plain[setting as keyof typeof plain],
    );
    // What one of the two says, the other says alike.
    for (const setting of new Set([...said, ...own])) {
      const value = setting in served ? served[setting] : setting === 'store' ? 'none' : null;
      expect({ name, setting, value }).toEqual({ name, setting, value: modelled[setting] });
    }
  }
});
