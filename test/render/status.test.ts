/** The status table's last column: room for what to do about it, and what holds a service. */
import pc from 'picocolors';
import { expect, it } from 'vitest';
import { renderExplain, renderStatus } from '../../src/render/status.ts';
import type { ServiceStatus } from '../../src/service/status.ts';

const UNTIL = Date.UTC(2026, 0, 2);
const SUSPENSION = { until: UNTIL, by: 'ann', reason: `the disk ${'is moved '.repeat(20)}` };
const WEB: ServiceStatus = {
  name: 'web',
  uuid: '7c5d7f1e-0000-4000-8000-000000000000',
  want: 'running',
  state: 'Running',
  image: 'nginx:1',
  containers: { target: 1, running: 1 },
  deployedAt: null,
  sync: 'in-sync',
  block: undefined,
  waitsFor: undefined,
  next: [],
  differences: [],
  notes: [],
  allows: [],
  note: undefined,
  since: undefined,
  deadline: undefined,
  nextLook: undefined,
  decisions: [],
};

const PLAIN = pc.createColors(false);
const FLEET = { formatVersion: 1, at: UNTIL - 3_600_000, problems: [] } as const;
const COMMIT = '3f2a9c1e5b7d8f60a1b2c3d4e5f6071829304a5b';

function rowOf(one: ServiceStatus, name?: string): string {
  const status = { ...FLEET, revision: 'r', services: [one], suspensions: [{ ...SUSPENSION, name }] };
  return renderStatus(status, PLAIN).trimEnd().split('\n').at(-1) ?? '';
}

it('shortens a long reason in the middle, and keeps what to do about it', () => {
  const row = rowOf({ ...WEB, sync: 'blocked', block: { code: 'suspended', ...SUSPENSION } }, 'web');
  expect(row).toMatch(
    /blocked {2}suspended until 2026-01-02T00:00:00.*Z by ann: the disk .* … .*evenkeel resume$/,
  );
});

it('says of a service in sync what holds it: its own suspension, or that of the fleet', () => {
  expect(rowOf(WEB, 'web')).toMatch(/in-sync {2}suspended until 2026-01-02/);
  expect(rowOf(WEB)).toMatch(/in-sync {2}suspended until 2026-01-02/);
  expect(rowOf(WEB, 'db')).toMatch(/in-sync$/);
});

it('says what changed in the manifest, or in git where it comes from there', () => {
  const web: ServiceStatus = { ...WEB, sync: 'changing', changed: { live: [], git: ['image'] } };
  const explained = (revision: string) =>
    renderExplain(web, { ...FLEET, revision, services: [web] }, true, PLAIN);
  expect(explained('files-0123456789abcdef')).toMatch(/^ {2}changed +manifest changed: image$/m);
  expect(explained(COMMIT)).toMatch(/^ {2}changed +git changed: image$/m);
});

it('says which commit it is at, where the manifests come from a repository', () => {
  const first = (revision: string) =>
    renderStatus({ ...FLEET, revision, services: [WEB] }, PLAIN).split('\n')[0];
  expect(first(COMMIT)).toBe(`At commit ${COMMIT}`);
  expect(first('files-0123456789abcdef')).toMatch(/^NAME /);
});
