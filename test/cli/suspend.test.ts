/** `suspend` and `resume` with nobody running: what they keep, what they refuse, and what plan, apply and status make of it. */
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest';
import { removeStatus, writeStatus } from '../../src/cli/mailbox.ts';
import { asker, checkReason, parseUntil } from '../../src/cli/suspension.ts';
import { suspendedText } from '../../src/render/blocks.ts';
import type { ServiceStatus } from '../../src/service/status.ts';
import { type FleetDir, fleetDir } from '../support/fleet-dir.ts';

const NOW = Date.UTC(2026, 10, 24, 12);

describe('when a suspension ends', () => {
  test.each([
    ['2h', NOW + 7_200_000],
    ['1h30m', NOW + 5_400_000],
    ['30d', NOW + 30 * 86_400_000],
    ['2026-11-24T13:00:00Z', NOW + 3_600_000],
    ['2026-11-24T13:00:00+00:30', NOW + 1_800_000],
  ])('%s', (text, until) => {
    expect(parseUntil(text, NOW)).toBe(until);
  });
  test.each(['', '0s', '31d', '2', 'tomorrow', '2026-11-24T11:59:59Z', '2027-11-24T12:00:00Z', '-1h'])(
    'not %j',
    (text) => {
      expect(() => parseUntil(text, NOW)).toThrow(/EK507|expected/);
    },
  );
});

test('a reason is one short line, and whoever asks is named', () => {
  expect(checkReason('  the disk \u001b[31mis moved ')).not.toContain('\u001b');
  expect(() => checkReason(' ')).toThrow('--reason');
  expect(() => checkReason('x'.repeat(201))).toThrow('--reason');
  expect(asker({ env: { USER: 'root', SUDO_USER: 'ann' } })).toBe('ann');
  expect(asker({ env: {} }, () => 'eve')).toBe('eve');
  expect(asker({ env: {} }, () => undefined)).toBe('somebody');
  const held = { until: Date.UTC(2026, 0, 2), reason: 'the disk is moved' };
  expect(suspendedText({ ...held, by: 'eve' }, (text) => text)).toMatch(/Z by eve: the disk is moved$/);
  expect(suspendedText({ ...held, by: 'somebody' }, (text) => text)).toMatch(/Z: the disk is moved$/);
});

describe('with nobody running', () => {
  let fleet: FleetDir;
  beforeAll(async () => {
    fleet = await fleetDir();
    fleet.write({ 'a.yaml': 'name: web\nimage: nginx:1\n---\nname: db\nimage: postgres:16\n' });
    expect(await fleet.run(['apply', fleet.folder, '--yes'])).toMatchObject({ exit: 0 });
    fleet.write({ 'a.yaml': 'name: web\nimage: nginx:2\n---\nname: db\nimage: postgres:17\n' });
  });
  afterAll(() => fleet.close());

  it.each([
    [['suspend', 'web', '--reason', 'r'], '--until'],
    [['suspend', 'web', '--until', '2h'], '--reason'],
    [['suspend', 'web', '--until', '9999h', '--reason', 'r'], '30 days'],
    [['suspend', '../web', '--until', '2h', '--reason', 'r'], 'no service can be named'],
  ])('refuses %j', async (argv, said) => {
    const { exit, stderr } = await fleet.run(argv);
    expect(exit).toBe(3);
    expect(stderr).toContain(said);
  });

  it('is kept: plan and status show it, apply leaves it alone unless told otherwise', async () => {
    const env = { USER: 'ann' };
    const suspended = await fleet.run(['suspend', 'web', '--until', '2h', '--reason', 'the disk is moved'], {
      env,
    });
    expect(suspended).toMatchObject({ exit: 0, stderr: '' });
    expect(suspended.stdout).toMatch(/^web: suspended until 20/);
    const plan = await fleet.run(['plan', fleet.folder]);
    expect(plan.exit).toBe(4);
    expect(plan.stdout).toMatch(/blocked: suspended until .* by ann: the disk is moved/);
    const status = await fleet.run(['status']);
    expect(status.stdout).toMatch(/^web: suspended until .* by ann: the disk is moved$/m);
    const explain = await fleet.run(['explain', 'web', fleet.folder]);
    expect(explain.stdout).toMatch(/suspended {2,}web: suspended until/);
    expect((await fleet.run(['explain', 'db', fleet.folder])).stdout).not.toContain('suspended until');

    expect((await fleet.run(['apply', fleet.folder, '--yes'])).exit).toBe(4);
    const images = async () => (await fleet.server.services()).map((one) => one.image_name).sort();
    expect(await images()).toEqual(['nginx:1', 'postgres:17']);
    expect((await fleet.run(['apply', fleet.folder, '--yes', '--ignore-suspend'])).exit).toBe(0);
    expect(await images()).toEqual(['nginx:2', 'postgres:17']);
    expect((await fleet.run(['status'])).stdout).toContain('suspended until');
    expect(await fleet.run(['resume'])).toMatchObject({ exit: 0, stdout: 'everything: resumed\n' });
    expect((await fleet.run(['status'])).stdout).not.toContain('suspended until');
  });

  it('says of a name that nobody knows here that it may be a slip, and keeps it', async () => {
    const until = ['--until', '1h', '--reason', 'r'];
    const slip = await fleet.run(['suspend', 'wbe', 'db', 'zzzzzz', ...until]);
    expect(slip.exit).toBe(0);
    expect(slip.stderr).toBe(
      'warning: no service called wbe is known here; did you mean web?\n' +
        'warning: no service called zzzzzz is known here\n',
    );
    expect((await fleet.run(['suspend', 'wbe', ...until])).stderr).toContain('did you mean web?');
    expect(await fleet.run(['retry', 'wbe'])).toMatchObject({
      exit: 0,
      stderr: 'warning: no service called wbe is known here; did you mean web?\n',
    });
    expect(await fleet.run(['retry', 'web'])).toMatchObject({ exit: 0, stderr: '' });
    const status = await fleet.run(['status']);
    expect(status.stdout).toMatch(/^wbe: suspended until/m);
    expect(status.stdout).toMatch(/not-compared {2}suspended until [^ ]+(?: by \S+)?: r$/m);
    expect((await fleet.run(['resume'])).stdout).toBe('everything: resumed\n');
  });

  it('takes what the daemon last told of for known, though nothing was ever done about it', async () => {
    const base = fleet.env['EVENKEEL_STATE_DIR'] ?? '';
    const dir = join(base, readdirSync(base)[0] ?? '');
    const services = [{ name: 'waits-for-web' } as ServiceStatus];
    writeStatus(dir, { formatVersion: 1, at: NOW, revision: 'r', problems: [], services });
    expect(await fleet.run(['retry', 'waits-for-web'])).toMatchObject({ exit: 0, stderr: '' });
    const slip = await fleet.run(['history', 'wait-for-wbe']);
    expect(slip.stderr).toContain('did you mean waits-for-web?');
    removeStatus(dir);
  });

  it('says of what was not suspended that it was not', async () => {
    expect(await fleet.run(['resume'])).toMatchObject({ exit: 0, stdout: 'nothing was suspended\n' });
    await fleet.run(['suspend', 'web', '--until', '1h', '--reason', 'r']);
    expect(await fleet.run(['resume', 'web', 'wbe'])).toMatchObject({
      exit: 0,
      stdout: 'web: resumed\nwbe: was not suspended\n',
    });
    expect((await fleet.run(['resume', 'web'])).stdout).toBe('web: was not suspended\n');
    await fleet.run(['suspend', '--until', '1h', '--reason', 'r']);
    expect((await fleet.run(['resume', 'web'])).stdout).toBe(
      'web: was not suspended; the whole fleet is and stays so: evenkeel resume\n',
    );
    expect((await fleet.run(['resume'])).stdout).toBe('everything: resumed\n');
  });

  it('of everything also holds creates, and ends name by name only as it was asked', async () => {
    await fleet.run(['suspend', '--until', '1h', '--reason', 'freeze']);
    fleet.write({
      'a.yaml':
        'name: web\nimage: nginx:2\n---\nname: db\nimage: postgres:17\n---\nname: new\nimage: nginx\n',
    });
    const before = fleet.server.writes().length;
    expect((await fleet.run(['apply', fleet.folder, '--yes'])).exit).toBe(4);
    await fleet.run(['resume', 'new']);
    expect((await fleet.run(['apply', fleet.folder, '--yes'])).exit).toBe(4);
    expect(fleet.server.writes()).toHaveLength(before);
    await fleet.run(['resume']);
    expect((await fleet.run(['apply', fleet.folder, '--yes'])).exit).toBe(0);
  });
});
