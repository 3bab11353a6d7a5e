/** What a daemon makes of manifests that broke: what was good stays, frozen, and what is wrong is said with what was meant. */
import { expect, it } from 'vitest';
import { follow } from '../../src/cli/follow.ts';
import { createResolver } from '../../src/manifest/resolver.ts';
import type { Snapshot } from '../../src/service/ports.ts';
import { snapshot } from '../support/manifests.ts';

it('keeps the last good wish, frozen, and says the word that was probably meant', async () => {
  const texts = ['name: web\nimage: nginx\n', 'name: web\nimge: nginx\n'];
  const read = () => Promise.resolve(snapshot({ 'a.yaml': texts.shift() ?? '' }));
  const follower = follow({ read }, createResolver({ env: {} }));
  const { signal } = new AbortController();
  expect((await follower.read(signal)).load).toMatchObject({ complete: true, problems: [] });
  const { load } = await follower.read(signal);
  expect(load).toMatchObject({ complete: false, wishes: [{ name: 'web', frozen: true }] });
  expect(load.problems).toContainEqual(expect.stringMatching(/^a\.yaml:2:1 EK201 .*; did you mean image\?$/));
});

it('keeps a wish whose file was gone already frozen while the repository cannot be read', async () => {
  const web = 'name: web\nimage: nginx\n';
  const last = snapshot({ 'db.yaml': 'name: [' });
  const readings: Snapshot[] = [
    snapshot({ 'web.yaml': web, 'db.yaml': 'name: db\nimage: nginx\n' }),
    last,
    { kind: 'unreadable', files: last.files, problems: ['away'], revision: 'r' },
    { kind: 'unreadable', files: [], problems: ['away'] },
  ];
  const read = () => Promise.resolve(readings.shift() ?? last);
  const follower = follow({ read }, createResolver({ env: {} }));
  const { signal } = new AbortController();
  const frozen = async () =>
    (await follower.read(signal)).load.wishes.find(({ name }) => name === 'web')?.frozen ?? false;
  expect([await frozen(), await frozen(), await frozen(), await frozen()]).toEqual([
    false,
    true,
    true,
    false,
  ]);
});
