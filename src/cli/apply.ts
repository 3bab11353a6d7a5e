/**
 * `evenkeel apply`: shows the plan, asks, and does what was shown; what was not shown is not done.
 */
import pc from 'picocolors';
import { type ApplyResult, apply as applyPlan } from '../drive/apply.ts';
import { RENDERERS } from '../render/index.ts';
import { liveProgress } from '../render/live.ts';
import { failureText, progressLine } from '../render/progress.ts';
import { visible } from '../render/safe.ts';
import { listed } from '../render/words.ts';
import type { Listen } from '../service/event.ts';
import { UserError } from '../service/failure.ts';
import type { Plan } from '../service/plan.ts';
import { type Io, wantsColour } from './io.ts';
import { PLAN_KEYS } from './keys.ts';
import { createLog } from './log.ts';
import { prepare, sayIfEmpty } from './prepare.ts';
import type { CommandSpec } from './program.ts';
import type { Secrets } from './secrets.ts';
import { settings } from './settings.ts';

const KEYS = [...PLAN_KEYS, 'yes', 'deadline'] as const;

export const apply: CommandSpec = {
  name: 'apply',
  args: '[paths...]',
  summary: 'Shows the plan, asks, then does what was shown and nothing else.',
  keys: KEYS,
  example:
    'evenkeel apply fleet/ --yes         # exit 0: everything is as wished; 5: not all of it ended as planned',
  async run(call) {
    const { io, secrets } = call;
    const values = settings(KEYS, call.flags, io.env, call.args);
    // Progress begins when the plan has been shown and confirmed.
    let follow: Listen = () => {};
    const log = createLog(values.logLevel ?? 'silent', io.stderr, io.clock, secrets);
    const prepared = await prepare(call, values, true, (event) => {
      follow(event);
      log.listen(event);
    });
    if (prepared === 3) return 3;
    try {
      const { plan, fleet } = prepared;
      const paint = pc.createColors(wantsColour(io.stdout, io.env));
      io.stdout.write(RENDERERS.text(plan, { ...prepared.render, paint }));
      sayIfEmpty(prepared, call);
      const moving = plan.services.filter((service) => service.course.length > 0).length;
      if (moving === 0 || plan.exitCode === 3) return plan.exitCode === 2 ? 0 : plan.exitCode;
      if (!values.yes && writes(plan)) await confirm(io);
      const progress = startProgress(io, secrets, moving);
      follow = progress.listen;
      const sayStop = () => progress.listen({ type: 'stop:requested', signal: String(io.stop.reason) });
      io.stop.addEventListener('abort', sayStop, { once: true });
      const inOrder = values.concurrency === 1;
      const result = await applyPlan(fleet, plan, io.clock, {
        deadlineMs: values.deadline,
        inOrder,
        signal: io.stop,
      });
      io.stop.removeEventListener('abort', sayStop);
      progress.end();
      sayEnd(result, io, secrets);
      return result.exitCode;
    } finally {
      await prepared.close();
    }
  },
};

const writes = (plan: Plan) => plan.summary.forecast.writes > 0;

async function confirm(io: Io): Promise<void> {
  const answer = await io.ask('Do this? Only "yes" is taken: ');
  if (answer?.trim() === 'yes') return;
  const why = answer === undefined ? 'there is nobody to ask: --yes says that it is meant' : 'not confirmed';
  throw new UserError('EK513', `${why}; nothing was written`);
}

function startProgress(io: Io, secrets: Secrets, total: number): { listen: Listen; end(): void } {
  const terminal = {
    write: (text: string) => io.stdout.write(secrets.clean(text)),
    columns: () => io.stdout.columns(),
  };
  if (io.stdout.isTTY && io.env['TERM'] !== 'dumb')
    return liveProgress(terminal, pc.createColors(wantsColour(io.stdout, io.env)), total);
  return {
    listen(event) {
      const line = progressLine(event);
      if (line !== undefined) terminal.write(`${line}\n`);
    },
    end() {},
  };
}

const STOPPED: Readonly<Record<NonNullable<ApplyResult['stoppedBy']>, string>> = {
  signal: 'stopped by a signal',
  deadline: 'the deadline passed',
  api: 'the API was lost',
};

function sayEnd(result: ApplyResult, io: Io, secrets: Secrets): void {
  const { stoppedBy, failure, undone } = result;
  const parts = [
    `${result.writes} write${result.writes === 1 ? '' : 's'}`,
    ...(stoppedBy === undefined ? [] : [STOPPED[stoppedBy]]),
    ...(failure === undefined ? [] : [failureText(failure)]),
    undone.length === 0 ? 'everything ended as planned' : `not ended as planned: ${listed(undone, visible)}`,
  ];
  io.stdout.write(`${secrets.clean(parts.join('; '))}\n`);
}
