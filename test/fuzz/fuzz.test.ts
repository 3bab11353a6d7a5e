/** Inputs that once broke something, and a few fresh ones; `npm run fuzz` makes hundreds of thousands. */
import { readdirSync, readFileSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { TARGETS } from './targets.ts';

const KEPT = new URL('regressions/', import.meta.url);
const FEW = 150;

describe.each(TARGETS.map(({ open }) => open()))('hostile $name', (target) => {
  afterAll(() => target.close());

  it('break nothing that was broken before', async () => {
    const files = readdirSync(KEPT).filter((file) => file.startsWith(`${target.name}-`));
    for (const file of files) await target.run(readFileSync(new URL(file, KEPT)));
  });

  it('break nothing today, and are the same for the same seed', async () => {
    for (let seed = 1; seed <= FEW; seed++) {
      const input = target.make(seed);
      expect(target.make(seed)).toEqual(input);
      await target.run(input);
    }
  });
});
