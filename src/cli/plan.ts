/**
 * `evenkeel plan`: shows what `apply` would do. Sends GETs only, takes no lock, touches no file.
 */
import pc from 'picocolors';
import { RENDERERS } from '../render/index.ts';
import { UserError } from '../service/failure.ts';
import { compareWithBase } from './branch.ts';
import { wantsColour } from './io.ts';
import { PLAN_KEYS } from './keys.ts';
import { createLog } from './log.ts';
import { prepare, sayIfEmpty } from './prepare.ts';
import type { CommandSpec } from './program.ts';
import { settings } from './settings.ts';

const KEYS = [...PLAN_KEYS, 'base', 'output'] as const;

export const plan: CommandSpec = {
  name: 'plan',
  alias: 'diff',
  args: '[paths...]',
  summary:
    'Shows what apply would do, and why. Only reads: it sends GETs, takes no lock and touches no file.',
  keys: KEYS,
  example:
    'evenkeel plan fleet/                # exit 0: nothing to do; 2: changes; 4: something is blocked\nevenkeel plan fleet/ -o json | jq .summary\nevenkeel plan --git https://git.example.com/ops/fleet.git --ref topic\nevenkeel plan fleet/ --base origin/main -o markdown   # what this branch changes, and what that would do',
  async run(call) {
    const { io } = call;
    const values = settings(KEYS, call.flags, io.env, call.args);
    if (values.base !== undefined && call.args.length === 0)
      throw new UserError(
        'EK512',
        '--base compares a checkout with its own base: name its paths; it does not go with --git',
        3,
      );
    const log = createLog(values.logLevel ?? 'silent', io.stderr, io.clock, call.secrets);
    const prepared = await prepare(call, values, false, log.listen);
    if (prepared === 3) return 3;
    try {
      const { base } = values;
      const { load, resolver } = prepared;
      const branch = base && (await compareWithBase(call, base, load, resolver));
      const paint = pc.createColors(wantsColour(io.stdout, io.env));
      const render = { ...prepared.render, paint, ...(branch === undefined ? {} : { branch }) };
      io.stdout.write(RENDERERS[values.output](prepared.plan, render));
      sayIfEmpty(prepared, call);
      return prepared.plan.exitCode;
    } finally {
      await prepared.close();
    }
  },
};
