/** `evenkeel history`: what apply did, in the API's words, and no secret. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type FleetDir, fleetDir } from '../support/fleet-dir.ts';

const CANARY = 'canary-value-4711';
let fleet: FleetDir;

beforeAll(async () => {
  fleet = await fleetDir();
  const manifest = (target: number) =>
    `name: web\nimage: nginx:1\ntarget_num_containers: ${target}\ncontainer_envvars: [{ key: PASSWORD, value: ${CANARY}${target} }]\n`;
  fleet.write({ 'a.yaml': manifest(1), 'b.yaml': 'name: db\nimage: postgres:16\n' });
  expect(await fleet.run(['apply', fleet.folder, '--yes'])).toMatchObject({ exit: 0 });
  fleet.write({ 'a.yaml': manifest(3), 'b.yaml': 'name: db\nimage: postgres:16\n' });
  expect(await fleet.run(['apply', fleet.folder, '--yes'])).toMatchObject({ exit: 0 });
});
afterAll(() => fleet.close());

it('tells what was done, why, from which revision, and how it ended', async () => {
  const { exit, stdout, stderr } = await fleet.run(['history', 'web']);
  expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
  const told = stdout
    .split('\n')
    .map((line) => line.replace(/^\S+Z\s+\S+\s+/, ''))
    .filter((line) => line.startsWith('web') || line.startsWith('   '));
  expect(told.map((line) => line.replaceAll(/ {2,}/g, ' ').trim())).toEqual([
    'web accepted create',
    'it does not exist yet',
    'web accepted start',
    'it is Init and is to run',
    'web in sync Running',
    'web accepted PATCH target_num_containers 1→3, container_envvars PASSWORD changed',
    'target_num_containers and container_envvars differ from the manifest',
    'web in sync Running',
  ]);
});

it('is JSON for programs, limited, and names the manifests it was decided from', async () => {
  const { stdout } = await fleet.run(['history', '-o', 'json', '--limit', '3']);
  const { formatVersion, entries } = JSON.parse(stdout) as {
    formatVersion: number;
    entries: readonly { revision: string | null; outcome: string }[];
  };
  expect(formatVersion).toBe(1);
  expect(entries).toHaveLength(3);
  expect(entries.find(({ outcome }) => outcome === 'accepted')?.revision).toMatch(/^files-[0-9a-f]{16}$/);
});

it('warns of a name that nobody knows here', async () => {
  expect(await fleet.run(['history', 'wbe'])).toMatchObject({
    exit: 0,
    stderr: 'warning: no service called wbe is known here; did you mean web?\n',
  });
});

it('holds no value of a variable, shown or on disk', async () => {
  const { stdout } = await fleet.run(['history', '-o', 'json', '--limit', '1000']);
  const base = fleet.env['EVENKEEL_STATE_DIR'] ?? '';
  const [folder = ''] = readdirSync(base);
  const dir = join(base, folder);
  expect(stdout).not.toContain(CANARY);
  expect(readFileSync(join(dir, 'history.jsonl'), 'utf8')).not.toContain(CANARY);
  expect(readFileSync(join(dir, 'journal'), 'utf8')).not.toContain(CANARY);
});
