import { describe, expect, it } from 'vitest';
import { COMMANDS } from '../../src/cli/commands.ts';
import type { CommandSpec } from '../../src/cli/program.ts';
import { UserError } from '../../src/service/failure.ts';
import { runCli } from '../support/io.ts';
import { CANARY } from '../support/plans.ts';

/** A command that does what the test says. */
function command(run: CommandSpec['run']): CommandSpec {
  return { name: 'try', args: '[words...]', summary: '', keys: ['rate', 'yes'], example: '', run };
}

describe('help', () => {
  it.each(['', ...COMMANDS.map((one) => one.name)])(
    'of evenkeel %s is a golden file and no mistake',
    async (name) => {
      const argv = name === '' ? [] : [name];
      const { exit, stdout, stderr } = await runCli([...argv, '--help'], COMMANDS);
      expect({ exit, stderr }).toEqual({ exit: 0, stderr: '' });
      await expect(stdout).toMatchFileSnapshot(`../golden/help/${name === '' ? 'evenkeel' : name}.txt`);
    },
  );

  it('shows an example for each command', () => {
    for (const { name, example } of COMMANDS) expect(example).toContain(`evenkeel ${name}`);
  });

  it('says the version', async () => {
    expect(await runCli(['--version'], COMMANDS)).toMatchObject({
      exit: 0,
      stdout: expect.stringMatching(/^\d+\.\d+\.\d+\n$/),
    });
  });
});

describe('the command line', () => {
  it.each([
    ['an unknown command, with a guess', ['tri'], 'Did you mean try?'],
    ['an unknown flag, with a guess', ['try', '--rat', '1/s'], 'Did you mean --rate?'],
    ['a flag without its value', ['try', '--rate'], 'argument missing'],
    ['no command at all', [], 'Usage'],
  ])('refuses %s with exit code 3', async (_what, argv, words) => {
    const ran = await runCli(argv, [command(() => Promise.resolve(0))]);
    expect(ran.exit).toBe(3);
    expect(ran.stderr).toContain(words);
    expect(ran.stdout).toBe('');
  });

  it('hands a command what was written, without inventing flags from defaults', async () => {
    let seen: unknown;
    const spy = command(({ args, flags }) => {
      seen = { args, flags };
      return Promise.resolve(0);
    });
    await runCli(['try', 'a', '--yes', '-'], [spy]);
    expect(seen).toEqual({ args: ['a', '-'], flags: { yes: true } });
  });

  it('gives back the exit code of the command', async () => {
    expect((await runCli(['try'], [command(() => Promise.resolve(5))])).exit).toBe(5);
  });

  it('shows an error meant for the user as it is, with its code', async () => {
    const ran = await runCli(['try'], [command(() => Promise.reject(new UserError('EK511', 'whose?', 3)))]);
    expect(ran).toEqual({ exit: 3, stdout: '', stderr: 'evenkeel: EK511 whose?\n' });
  });

  it('calls any other error its own, with exit code 1, and shows no secret in it', async () => {
    const ran = await runCli(
      ['try'],
      [
        command(({ secrets }) => {
          secrets.add([CANARY]);
          throw new Error(`cannot read ${CANARY} of undefined\u001b[31m`);
        }),
      ],
    );
    expect(ran.exit).toBe(1);
    expect(ran.stderr).toContain('internal error');
    expect(ran.stderr).not.toMatch(/s3cr3t|\p{Cc}\[/u);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ])('ends with the code of the signal when %s stopped it', async (signal, exit) => {
    const stop = new AbortController();
    const stopped = command(({ io }) => {
      stop.abort(signal);
      io.stop.throwIfAborted();
      return Promise.resolve(0);
    });
    expect((await runCli(['try'], [stopped], { stop: stop.signal })).exit).toBe(exit);
  });
});
