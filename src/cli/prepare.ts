/**
 * What `plan` and `apply` do alike, so that what is shown is what will be done: settings, manifests, one look at the
 * API, one plan.
 */
import type { Fleet } from '../drive/fleet.ts';
import { createResolver, type Resolver } from '../manifest/resolver.ts';
import type { RenderOptions } from '../render/options.ts';
import { PLAIN } from '../render/paint.ts';
import type { Listen } from '../service/event.ts';
import { UserError } from '../service/failure.ts';
import type { Plan } from '../service/plan.ts';
import type { Load } from '../service/ports.ts';
import { openController, secretsReader } from './compose.ts';
import { openManifests } from './compose-git.ts';
import type { PLAN_KEYS } from './keys.ts';
import { lookPatiently } from './look.ts';
import { loadManifests, refuseUnset } from './manifests.ts';
import type { Call } from './program.ts';
import type { Values } from './rows.ts';

export interface Prepared {
  readonly plan: Plan;
  readonly fleet: Fleet;
  readonly render: RenderOptions;
  readonly load: Load;
  readonly resolver: Resolver;
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
  const { io, secrets } = call;
  const manifests = openManifests(call, values, !write);
  const { named, git } = manifests;
  const resolver = createResolver({
    env: io.env,
    allow: git === undefined ? values.envAllow : (values.envAllow ?? []),
    file: secretsReader(values.secretsDir),
  });
  const { usable, load } = await loadManifests(manifests.source, resolver, io, secrets).finally(
    manifests.close,
  );
  if (!usable) return 3;
  if (write) refuseUnset(load.wishes);
  const controller = await openController(call, values, {
    write,
    healAfterMs: 0,
    ignoreSuspensions: values.ignoreSuspend,
    listen,
  });
  try {
    const { fleet } = controller;
    fleet.setWishes(load.wishes, load);
    await lookPatiently(fleet, controller.lastFailure, values.prune === 'owned', io).catch(
      (error: unknown) => {
        if (load.documents > 0 || !(error instanceof UserError)) throw error;
        // Only what lives could make it anything but exit 3, and that cannot be seen.
        throw new UserError('EK401', `no manifest in ${named.join(' ')}, and ${error.message}`, 3);
      },
    );
    const { prune, allowEmpty, allowDeletes } = values;
    const { plan } = fleet.plan(load, { prune, allowEmpty, allowDeletes }, new Set());
    const render = {
      paint: PLAIN,
      rate: values.rate.text,
      paths: named,
      owner: values.owner,
      ...(load.commit === undefined || git === undefined ? {} : { commit: { ...git, sha: load.commit.sha } }),
    };
    return { plan, fleet, render, load, resolver, close: controller.close };
  } catch (error) {
    await controller.close();
    throw error;
  }
}

/** `plan` exits 3 or 4 where there is no manifest at all; say which it is. */
export function sayIfEmpty({ plan, render }: Prepared, call: Call): void {
  const where = (render.paths ?? []).join(' ');
  if (plan.services.length > 0) return;
  if (plan.exitCode === 3) call.io.stderr.write(`error: no manifest in ${where}\n`);
  if (plan.exitCode === 4)
    call.io.stderr.write(
      `error: no manifest in ${where}, but live services are owned by this owner; --allow-empty says that this is meant\n`,
    );
}
