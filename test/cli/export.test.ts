import { afterEach, expect, it } from 'vitest';
import { type FleetDir, fleetDir } from '../support/fleet-dir.ts';
import { createOne } from '../support/server.ts';

let dir: FleetDir | undefined;
afterEach(() => dir?.close());

it('says what to do with an export that is more than one file holds, and it can be done', async () => {
  dir = await fleetDir();
  const labels = { EVENKEEL_OWNER: '', note: 'x'.repeat(4_000) };
  for (let index = 0; index < 70; index++) {
    const name = `svc-${index}`;
    await createOne(dir.server.url, { name, labels: { ...labels, EVENKEEL_OWNER: `default/${name}/a` } });
  }
  const all = await dir.run(['export']);
  expect(all.exit).toBe(0);
  expect(all.stderr).toMatch(/^warning: 70 services are more than one manifest file holds .*evenkeel plan -/);
  dir.write({ 'all.yaml': all.stdout });
  const asFile = await dir.run(['validate', dir.folder]);
  expect(asFile.exit).toBe(3);
  expect(asFile.stderr).toContain('evenkeel plan -');
  expect((await dir.run(['plan', '-'], { stdin: all.stdout })).exit).toBe(0);
  expect((await dir.run(['export', 'svc-1', 'svc-2'])).stderr).toBe('');
});
