import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ObservedRequest } from '../../src/server/observe.ts';
import { type FleetDir, fleetDir } from '../support/fleet-dir.ts';

const DB = 'name: db\nimage: redis:7.4\n';
const WEB = `name: web
image: nginx:1.27
target_num_containers: 2
container_envvars:
  - { key: LOG_LEVEL, value: s3cr3t-canary }
linked_to_service:
  - { to_service: db, name: db }
`;

let fleet: FleetDir;
beforeEach(async () => {
  fleet = await fleetDir();
  fleet.write({ 'db.yaml': DB, 'web.yaml': WEB });
});
afterEach(() => fleet.close());

interface PlanJson {
  readonly exitCode: number;
  readonly services: readonly {
    readonly name: string;
    readonly end: string;
    readonly course: readonly { readonly op?: string; readonly seq?: number }[];
  }[];
}

/** `seq name op` of every operation of a plan, in order. */
function shown(stdout: string): readonly string[] {
  const plan = JSON.parse(stdout) as PlanJson;
  return plan.services
    .flatMap(({ name, course }) =>
      course.flatMap(({ op, seq = 0 }) => (op === undefined ? [] : [{ name, op, seq }])),
    )
    .sort((a, b) => a.seq - b.seq)
    .map(({ name, op }) => `${name} ${op}`);
}

const sent = (writes: readonly ObservedRequest[]) => writes.map(({ name, verb }) => `${name ?? '?'} ${verb}`);

describe('plan and apply', () => {
  it('does exactly what the plan showed, in its order, and then there is nothing to do', async () => {
    const plan = await fleet.run(['plan', fleet.folder, '-o', 'json']);
    expect(plan.exit).toBe(2);
    expect(fleet.server.writes()).toEqual([]);
    const applied = await fleet.run(['apply', fleet.folder, '--yes', '--concurrency', '1']);
    expect(applied).toMatchObject({ exit: 0, stderr: '' });
    expect(sent(fleet.server.writes())).toEqual(shown(plan.stdout));
    expect(await fleet.run(['plan', fleet.folder])).toEqual({
      exit: 0,
      stdout: 'Nothing to do (2 in sync).\n',
      stderr: '',
    });
  });

  it('keeps each service in order and the gates when requests leave side by side', async () => {
    fleet.write({ 'db.yaml': DB, 'web.yaml': WEB, 'a.yaml': 'name: a\nimage: nginx\n' });
    const plan = await fleet.run(['plan', fleet.folder, '-o', 'json']);
    expect((await fleet.run(['apply', fleet.folder, '--yes'])).exit).toBe(0);
    const got = sent(fleet.server.writes());
    expect([...got].sort()).toEqual([...shown(plan.stdout)].sort());
    for (const name of ['a', 'db', 'web'])
      expect(got.filter((one) => one.startsWith(`${name} `))).toEqual([`${name} create`, `${name} start`]);
    expect(got.indexOf('db start')).toBeLessThan(got.indexOf('web start'));
  });

  it('plans with GETs alone, and leaves no file behind', async () => {
    await fleet.run(['plan', fleet.folder]);
    await fleet.run(['diff', fleet.folder, '--prune', 'owned', '--owner', 'default']);
    expect(fleet.server.requests().map(({ method }) => method)).not.toContain('POST');
    expect(new Set(fleet.server.requests().map(({ method }) => method))).toEqual(new Set(['GET']));
    expect(existsSync(fleet.env['EVENKEEL_STATE_DIR'] ?? '')).toBe(false);
  });

  it('gives equal bytes for equal input', async () => {
    await fleet.run(['apply', fleet.folder, '--yes']);
    fleet.write({ 'db.yaml': DB, 'web.yaml': WEB.replace(': 2', ': 7') });
    const once = await fleet.run(['plan', fleet.folder, '-o', 'json']);
    expect(await fleet.run(['plan', fleet.folder, '-o', 'json'])).toEqual(once);
  });

  it('says each step in the words of the API', async () => {
    await fleet.run(['apply', fleet.folder, '--yes']);
    fleet.write({ 'db.yaml': DB, 'web.yaml': WEB.replace('containers: 2', 'containers: 7') });
    const { stdout } = await fleet.run(['apply', fleet.folder, '--yes']);
    expect(stdout).toContain('Running → PATCH → Scaling → Running');
    expect(stdout.split('\n')).toContain('web PATCH target_num_containers 2→7');
    expect(stdout).toContain('web in sync (Running)');
  });

  it('shows the value of no variable anywhere, whatever changes', async () => {
    const outputs = [await fleet.run(['plan', fleet.folder, '-o', 'json'])];
    outputs.push(await fleet.run(['apply', fleet.folder, '--yes', '--log-level', 'debug']));
    fleet.write({ 'db.yaml': DB, 'web.yaml': WEB.replace('canary', 'canary-2') });
    for (const format of ['text', 'json', 'markdown'])
      outputs.push(await fleet.run(['plan', fleet.folder, '-o', format]));
    outputs.push(await fleet.run(['apply', fleet.folder, '--yes', '--log-level', 'debug']));
    const text = outputs.map(({ stdout, stderr }) => stdout + stderr).join('\n');
    expect(text).toContain('LOG_LEVEL');
    expect(text).not.toContain('s3cr3t');
    expect(text).not.toContain(fleet.env['TUTUM_APIKEY']);
  });
});

describe('apply asks', () => {
  it('writes nothing without --yes and without anybody to ask (exit 1)', async () => {
    const ran = await fleet.run(['apply', fleet.folder]);
    expect(ran.exit).toBe(1);
    expect(ran.stderr).toContain('EK513');
    expect(ran.stdout).toContain('Plan: 2 to create');
    expect(fleet.server.writes()).toEqual([]);
  });

  it.each([
    ['yes', 0, 4],
    ['y', 1, 0],
    ['', 1, 0],
  ])('and takes %j with exit code %d', async (answer, exit, writes) => {
    const ran = await fleet.run(['apply', fleet.folder], { isTTY: true, answer });
    expect(ran.exit).toBe(exit);
    expect(fleet.server.writes()).toHaveLength(writes);
  });

  it('not when there is nothing to write', async () => {
    await fleet.run(['apply', fleet.folder, '--yes']);
    expect((await fleet.run(['apply', fleet.folder])).exit).toBe(0);
  });
});

describe('exit codes', () => {
  it('3: a broken manifest, and nothing is written', async () => {
    fleet.write({ 'db.yaml': DB, 'web.yaml': 'name: web\n' });
    for (const command of ['plan', 'apply']) {
      const ran = await fleet.run([command, fleet.folder, ...(command === 'apply' ? ['--yes'] : [])]);
      expect(ran).toMatchObject({ exit: 3, stdout: '' });
      expect(ran.stderr).toContain('EK202');
    }
    expect(fleet.server.requests()).toEqual([]);
  });

  it('3: an unset variable in apply; plan lists it as unknown', async () => {
    fleet.write({ 'db.yaml': `${DB}container_envvars: [{ key: A, value_from: { env: NOT_SET } }]\n` });
    const planned = await fleet.run(['plan', fleet.folder]);
    expect(planned.exit).toBe(2);
    expect(planned.stdout).toContain('container_envvars.A is not compared: NOT_SET is not set here');
    const applied = await fleet.run(['apply', fleet.folder, '--yes']);
    expect(applied.exit).toBe(3);
    expect(applied.stderr).toContain('NOT_SET is not set, and A needs it');
    expect(fleet.server.writes()).toEqual([]);
    expect((await fleet.run(['apply', fleet.folder, '--yes'], { env: { NOT_SET: 'x' } })).exit).toBe(0);
  });

  it('3: no document at all; 4 where owned services live', async () => {
    fleet.write({});
    expect((await fleet.run(['plan', fleet.folder])).exit).toBe(3);
    fleet.write({ 'db.yaml': DB });
    await fleet.run(['apply', fleet.folder, '--yes']);
    fleet.write({});
    const prune = ['--prune', 'owned', '--owner', 'default'];
    for (const argv of [['plan'], ['apply', '--yes']])
      expect((await fleet.run([...argv, fleet.folder, ...prune])).exit).toBe(4);
    expect(await fleet.server.services()).toHaveLength(1);
  });

  it('1: wrong credentials fail at once', async () => {
    const ran = await fleet.run(['plan', fleet.folder], { env: { TUTUM_APIKEY: 'wrong-key-0123456789' } });
    expect(ran.exit).toBe(1);
    expect(ran.stderr).toContain('401');
    expect(ran.stderr).not.toContain('wrong-key');
    expect(fleet.server.requests()).toHaveLength(1);
  });

  it('4: what belongs to somebody else is blocked, the rest is done', async () => {
    await fleet.run(['apply', fleet.folder, '--yes', '--owner', 'other-team']);
    fleet.write({ 'web.yaml': WEB.replace(/linked[\s\S]*/, ''), 'new.yaml': 'name: new\nimage: nginx\n' });
    const plan = await fleet.run(['plan', fleet.folder]);
    expect(plan.exit).toBe(4);
    expect(plan.stdout).toContain('it belongs to the owner other-team');
    const before = fleet.server.writes().length;
    expect((await fleet.run(['apply', fleet.folder, '--yes'])).exit).toBe(4);
    expect(sent(fleet.server.writes().slice(before))).toEqual(['new create', 'new start']);
  });

  it('130: a signal stops it before the next write', async () => {
    const stop = new AbortController();
    stop.abort('SIGINT');
    const ran = await fleet.run(['apply', fleet.folder, '--yes'], { stop: stop.signal });
    expect(ran.exit).toBe(130);
    expect(fleet.server.writes()).toEqual([]);
  });
});

describe('orphans', () => {
  beforeEach(async () => {
    await fleet.run(['apply', fleet.folder, '--yes']);
    fleet.write({ 'db.yaml': DB });
  });

  it('are left alone, with the command that removes them, and are no change', async () => {
    const ran = await fleet.run(['plan', fleet.folder]);
    expect(ran.exit).toBe(0);
    const command = `evenkeel apply ${fleet.folder} --prune owned --owner default`;
    expect(ran.stdout).toContain(command);
    // The command, as printed, does it.
    const removed = await fleet.run([...command.split(' ').slice(1), '--yes']);
    expect(removed.exit).toBe(0);
    expect(removed.stdout).toContain('DESTROYS DATA');
    expect((await fleet.server.services()).map(({ name }) => name)).toEqual(['db']);
  });

  it('too many at once are refused by name and number, with the way out', async () => {
    fleet.write(
      Object.fromEntries([1, 2, 3, 4, 5, 6].map((n) => [`s${n}.yaml`, `name: s${n}\nimage: nginx\n`])),
    );
    await fleet.run(['apply', fleet.folder, '--yes']);
    fleet.write({ 'db.yaml': DB, 'web.yaml': WEB });
    const prune = ['--prune', 'owned', '--owner', 'default', '--yes'];
    const refused = await fleet.run(['apply', fleet.folder, ...prune]);
    expect(refused.exit).toBe(4);
    expect(refused.stdout).toContain('REFUSED: 6 deletes and replaces');
    expect(await fleet.server.services()).toHaveLength(8);
    const allowed = await fleet.run(['apply', fleet.folder, ...prune, '--allow-deletes', '6']);
    expect(allowed.exit).toBe(0);
    expect(await fleet.server.services()).toHaveLength(2);
  });
});

describe('the examples', () => {
  const EXAMPLES = new URL('../../examples/', import.meta.url).pathname;

  it.each(['first', 'single', 'linked'])('%s: plan, apply and plan again come to rest', async (name) => {
    const path = join(EXAMPLES, name);
    expect(readFileSync(join(path, 'README.md'), 'utf8')).toMatch(/^# /);
    expect((await fleet.run(['validate', path])).exit).toBe(0);
    expect((await fleet.run(['plan', path])).exit).toBe(2);
    expect(await fleet.run(['apply', path, '--yes'])).toMatchObject({ exit: 0 });
    expect(await fleet.run(['plan', path])).toMatchObject({ exit: 0 });
  });
});
