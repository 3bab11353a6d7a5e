import { afterEach, expect, it } from 'vitest';
import { type FleetDir, fleetDir } from '../support/fleet-dir.ts';
import { createOne } from '../support/server.ts';

let dir: FleetDir | undefined;
afterEach(() => dir?.close());

it('prints the last lines only, when so many are asked for', async () => {
  dir = await fleetDir();
  const { uuid } = await createOne(dir.server.url, { name: 'web', image: 'nginx', target_num_containers: 3 });
  dir.write({
    'web.yaml': 'name: web\nimage: nginx\ntarget_num_containers: 3\nreconcile: { adopt: true }\n',
  });
  expect((await dir.run(['apply', dir.folder, '--yes'])).exit).toBe(0);
  const all = (await dir.run(['logs', 'web'])).stdout.trimEnd().split('\n');
  expect(all.length).toBeGreaterThanOrEqual(3);
  const two = await dir.run(['logs', 'web', '--tail', '2']);
  expect(two.stdout.trimEnd().split('\n')).toEqual(all.slice(-2));
  const asked = dir.server.requests().filter((one) => one.verb === 'logs' && one.uuid === uuid);
  expect(asked.map(({ path }) => path)).toEqual([
    `/api/v1/service/${uuid}/logs/`,
    `/api/v1/service/${uuid}/logs/?tail=2`,
  ]);
  expect((await dir.run(['logs', 'web', '--tail', '0'])).exit).toBe(3);
});
