/** `status` with manifests of which some cannot be read: nothing is called an orphan that may only be misspelt. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { FleetStatus } from '../../src/service/status.ts';
import { type FleetDir, fleetDir } from '../support/fleet-dir.ts';

const WEB = 'name: web\nimage: nginx:1\n';
const DB = 'name: db\nimage: postgres:16\n';
let fleet: FleetDir;

beforeAll(async () => {
  fleet = await fleetDir();
  fleet.write({ 'web.yaml': WEB, 'db.yaml': DB });
  expect(await fleet.run(['apply', fleet.folder, '--yes'])).toMatchObject({ exit: 0 });
});
afterAll(() => fleet.close());

const syncs = async () => {
  const { stdout } = await fleet.run(['status', fleet.folder, '-o', 'json']);
  const { services } = JSON.parse(stdout) as FleetStatus;
  return Object.fromEntries(services.map(({ name, sync }) => [name, sync]));
};

it('calls a service whose own manifest has a slip not an orphan, but not compared, and says why', async () => {
  fleet.write({ 'web.yaml': `${WEB}imge: nginx:2\n`, 'db.yaml': DB });
  expect(await syncs()).toEqual({ web: 'not-compared', db: 'in-sync' });
  const { exit, stdout } = await fleet.run(['status', fleet.folder]);
  expect(exit).toBe(3);
  expect(stdout).toMatch(/^web .* not-compared {2}not all manifests could be read$/m);
  expect(stdout).toMatch(/^! .*web\.yaml:3:1 .*; did you mean image\?$/m);
  const explained = await fleet.run(['explain', 'web', fleet.folder]);
  expect(explained.stdout).toMatch(/desired +not known: .* cannot be read$/m);
});

it('nor one whose link leads to a service whose file is gone, nor that service', async () => {
  fleet.write({ 'web.yaml': `${WEB}linked_to_service:\n  - to_service: db\n    name: db\n` });
  expect(await syncs()).toEqual({ web: 'not-compared', db: 'not-compared' });
});

it('but one that no manifest names, where all could be read', async () => {
  fleet.write({ 'web.yaml': WEB });
  expect(await syncs()).toEqual({ web: 'in-sync', db: 'orphan' });
});
