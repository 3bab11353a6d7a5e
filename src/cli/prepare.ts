/**
 * What `plan` and `apply` do alike, so that what is shown is what will be done: settings, manifests, one look at the
 * API, one plan.
 */
import type { Fleet } from '../drive/fleet.ts';
import { createResolver } from '../manifest/resolver.ts';
import type { RenderOptions } from '../render/options.ts';
import { PLAIN } from '../render/paint.ts';
import type { Listen } from '../service/event.ts';
import { UserError } from '../service/failure.ts';
import type { Plan } from '../service/plan.ts';
import { openController, openSource, secretsReader } from './compose.ts';
import type { PLAN_KEYS } from './keys.ts';
import { lookPatiently } from './look.ts';
import { loadManifests, refuseUnset } from './manifests.ts';
import type { Call } from './program.ts';
import type { Values } from './rows.ts';

export interface Prepared {
  readonly plan: Plan;
  readonly fleet: Fleet;
  readonly render: RenderOptions;
  close(): Promise<void>;
}

/**
 * `write`: this call will apply the plan: it holds the state directory's lock, and refuses what is unset. The number is
 * an exit code: the manifests cannot be used, and it has been said why.
 */
export async function prepare(
  call: Call,
  values: Values<(typeof PLAN_KEYS)[number]>,
  write: boolean,
  listen: Listen,
): Promise<Prepared | 3> {
  const { args, io, secrets } = call;
  const resolver = createResolver({
    env: io.env,
    allow: values.envAllow,
    file: secretsReader(values.secretsDir),
  });
  const { usable, load } = await loadManifests(openSource(args, io, !write), resolver, io, secrets);
  if (!usable) return 3;
  if (write) refuseUnset(load.wishes);
  const controller = await openController(call, values, { write, healAfterMs: 0, listen });
  try {
    const { fleet } = controller;
    fleet.setWishes(load.wishes);
    await lookPatiently(fleet, controller.lastFailure, values.prune === 'owned', io).catch(
      (error: unknown) => {
        if (load.documents > 0 || !(error instanceof UserError)) throw error;
        // Only what lives could make it anything but exit 3, and that cannot be seen.
        throw new UserError('EK401', `no manifest in ${args.join(' ')}, and ${error.message}`, 3);
      },
    );
    const { prune, allowEmpty, allowDeletes } = values;
    const { plan } = fleet.plan(load, { prune, allowEmpty, allowDeletes }, new Set());
    const render = { paint: PLAIN, rate: values.rate.text, paths: args, owner: values.owner };
    return { plan, fleet, render, close: controller.close };
  } catch (error) {
    await controller.close();
    throw error;
  }
}

/** `plan` exits 3 or 4 where there is no manifest at all; say which it is. */
export function sayIfEmpty(plan: Plan, call: Call): void {
  if (plan.services.length > 0) return;
  if (plan.exitCode === 3) call.io.stderr.write(`error: no manifest in ${call.args.join(' ')}\n`);
  if (plan.exitCode === 4)
    call.io.stderr.write(
      `error: no manifest in ${call.args.join(' ')}, but live services are owned by this owner; --allow-empty says that this is meant\n`,
    );
}
