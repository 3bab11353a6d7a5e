/** What a job has to do, as a list of steps: what is surplus goes, what is old is made anew, what is missing is made. */
import type { Job } from '../../service/engine.ts';
import type { SimContainer } from './sites.ts';

export type Step =
  | { readonly do: 'create'; readonly ordinal: number }
  | { readonly do: 'replace' | 'start' | 'stop' | 'remove'; readonly container: SimContainer };

export function stepsOf(
  { verb, definition }: Pick<Job, 'verb' | 'definition'>,
  containers: readonly SimContainer[],
): readonly Step[] {
  const sorted = containers.toSorted((a, b) => a.ordinal - b.ordinal);
  if (verb === 'stop') {
    return sorted.map((container) => ({ do: 'stop', container }));
  }
  const target = verb === 'terminate' ? 0 : definition.spec.target_num_containers;
  const kept = sorted.slice(0, target);
  const surplus = sorted.slice(target).reverse();
  return [
    ...surplus.map((container): Step => ({ do: 'remove', container })),
    ...kept.flatMap((container): Step[] => {
      if (verb === 'scale') return [];
      const old =
        container.revision < definition.revision ||
        (verb === 'redeploy' && container.deployment < definition.deployment);
      if (old) return [{ do: 'replace', container }];
      return container.state === 'running' ? [] : [{ do: 'start', container }];
    }),
    ...freeOrdinals(kept, target - kept.length).map((ordinal): Step => ({ do: 'create', ordinal })),
  ];
}

function freeOrdinals(kept: readonly SimContainer[], count: number): readonly number[] {
  const taken = new Set(kept.map((one) => one.ordinal));
  const free: number[] = [];
  for (let ordinal = 1; free.length < count; ordinal++) if (!taken.has(ordinal)) free.push(ordinal);
  return free;
}
