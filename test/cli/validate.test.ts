import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import { runCli } from '../support/io.ts';

const GOOD = 'name: web\nimage: nginx\n---\nname: db\nimage: postgres\n';
const BAD = 'name: web\nimge: nginx\ncontainer_envvars:\n  - { key: A, value: s3cr3t-canary, x: 1 }\n';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'evenkeel-validate-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string, text: string) => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('validate', () => {
  it('says how many services are valid, and exits 0', async () => {
    const ran = await runCli(['validate', file('good.yaml', GOOD)], COMMANDS);
    expect(ran).toEqual({ exit: 0, stdout: '2 services in 1 file: valid\n', stderr: '' });
  });

  it('reads standard input', async () => {
    expect(await runCli(['validate', '-'], COMMANDS, { stdin: GOOD })).toMatchObject({ exit: 0 });
    expect(await runCli(['validate', '-'], COMMANDS, { stdin: BAD })).toMatchObject({ exit: 3 });
  });

  it('says all that is wrong on stderr, with places and no secret, and exits 3', async () => {
    const path = file('bad.yaml', BAD);
    const ran = await runCli(['validate', path], COMMANDS);
    expect(ran).toMatchObject({ exit: 3, stdout: '' });
    expect(ran.stderr).toContain(`${path}:2:1 EK201`);
    expect(ran.stderr).toContain('did you mean image?');
    expect(ran.stderr.match(/^error: /gm)?.length).toBeGreaterThan(1);
    expect(ran.stderr).not.toContain('s3cr3t');
  });

  it('needs no variable that a manifest uses', async () => {
    const stdin =
      'name: web\nimage: ${IMAGE}\ncontainer_envvars: [{ key: A, value_from: { env: NOWHERE } }]\n';
    expect((await runCli(['validate', '-'], COMMANDS, { stdin })).exit).toBe(0);
  });

  it.each([
    ['a path that is not there', () => join(folder, 'nowhere')],
    ['a file without a document', () => file('empty.yaml', '# nothing\n')],
  ])('exits 3 for %s and says so', async (_what, path) => {
    const ran = await runCli(['validate', path()], COMMANDS);
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toMatch(/^error: /);
  });
});
