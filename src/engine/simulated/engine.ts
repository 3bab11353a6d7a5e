/**
 * An engine without containers: seeded delays, jitter and failures, the same every time for the same seed. It is what
 * tests drive and what a user can rehearse with; its containers are kept in the store and outlive the server.
 */
import { chance } from '../../service/chance.ts';
import type { Engine, EngineResult, LogLine, Problem } from '../../service/engine.ts';
import type { Images } from './containers.ts';
import { defaultsOf, isMissing } from './images.ts';
import { type JobWorld, runJob } from './jobs.ts';
import type { SimulatedOptions } from './options.ts';
import { createPolicies, type Policies } from './policies.ts';
import { loadSites, type Sites, viewOf } from './sites.ts';

/** The engine, and what only a simulation lets you do to it. */
export interface SimulatedEngine extends Engine {
  /** A container's process ends with this code, as if by itself. */
  crash(uuid: string, ordinal: number, code: number): Promise<void>;
  /** A container is removed behind the server's back. */
  vanish(uuid: string, ordinal: number): Promise<void>;
  /** Jobs of this service make no step until the returned function is called. */
  hold(uuid: string): () => void;
  /** While false, nothing is answered. */
  setAvailable(available: boolean): void;
}

export function createSimulatedEngine(options: SimulatedOptions): SimulatedEngine {
  const { clock, store, seed = 1, extensions = ['bindings', 'limits'], hosts } = options;
  const images: Images = options.images ?? {};
  const closing = new AbortController();
  const hints = new Set<(uuid: string | undefined) => void>();
  const held = new Map<string, Promise<void>>();
  const spent = new Map<number, number>();
  let available = true;
  let running: { readonly sites: Sites; readonly policies: Policies } | undefined;

  const hint = (uuid: string) => {
    for (const each of hints) each(uuid);
  };
  const parts = () => {
    if (running === undefined) throw new Error('the simulated engine was not started');
    return running;
  };
  const gone: EngineResult<never> = {
    ok: false,
    failure: { reason: 'unavailable', message: 'the simulated engine was taken away' },
  };
  const answer = <T>(value: () => T): EngineResult<T> => (available ? { ok: true, value: value() } : gone);

  const failureOf: JobWorld['failureOf'] = (job, number) => {
    for (const [index, failure] of (options.failures ?? []).entries()) {
      if (failure.verb !== undefined && failure.verb !== job.verb) continue;
      if (failure.name !== undefined && failure.name !== job.definition.name) continue;
      const times = spent.get(index) ?? 0;
      if (times >= (failure.times ?? Number.POSITIVE_INFINITY)) continue;
      if (chance(seed, 'failure', index, job.definition.name, job.verb, number) >= (failure.probability ?? 1))
        continue;
      spent.set(index, times + 1);
      return failure;
    }
    return undefined;
  };

  const containerOf = (uuid: string, ordinal: number) => {
    const site = parts().sites.get(uuid);
    const container = site?.containers.find((one) => one.ordinal === ordinal);
    if (site === undefined || container === undefined) throw new Error(`no container ${ordinal} of ${uuid}`);
    return { site, container };
  };

  return {
    name: 'simulated',
    extensions,
    async start(definitions) {
      const sites = await loadSites(store);
      const policies = createPolicies(sites, clock, images, hint, closing.signal);
      running = { sites, policies };
      const known = new Set(definitions.map((one) => one.uuid));
      for (const site of [...sites.all()]) if (!known.has(site.uuid)) await sites.remove(site);
      for (const definition of definitions) {
        const site = sites.of(definition);
        for (const container of site.containers) policies.watch(site, container);
      }
      return ['containers are simulated: nothing really runs'];
    },
    check(definition): readonly Problem[] {
      const { target_num_containers: target, container_ports: ports } = definition.spec;
      const fixed = (ports ?? []).find((port) => port.outer_port !== null);
      if (hosts === undefined || fixed === undefined || target <= hosts) return [];
      return [
        {
          field: 'container_ports',
          message: `outer port ${fixed.outer_port} can be taken once per host: ${target} containers need ${target} hosts, there are ${hosts}`,
        },
      ];
    },
    image: async (image) => answer(() => (isMissing(image) ? null : defaultsOf(image, images))),
    async run(job, signal) {
      if (!available) return gone;
      const both = AbortSignal.any([signal, closing.signal]);
      return runJob(
        job,
        {
          options,
          images,
          seed,
          hint,
          failureOf,
          isAvailable: () => available,
          released: (uuid) => held.get(uuid),
          ...parts(),
        },
        both,
      );
    },
    settings: async (definition) => answer(() => void parts().sites.of(definition)),
    inspect: async (definitions) =>
      answer(
        () =>
          new Map(
            definitions.map(({ uuid, uniqueName }) => {
              const containers = parts().sites.get(uuid)?.containers ?? [];
              const sorted = containers.toSorted((a, b) => a.ordinal - b.ordinal);
              return [uuid, sorted.map((one) => viewOf(uniqueName, one))];
            }),
          ),
      ),
    watch(callback) {
      hints.add(callback);
      return () => hints.delete(callback);
    },
    logs: async (definition, { tail }) =>
      answer((): readonly LogLine[] => {
        const lines =
          parts()
            .sites.get(definition.uuid)
            ?.containers.flatMap((one) => one.logs) ?? [];
        return tail <= 0 ? [] : lines.toSorted((a, b) => a.timestamp.localeCompare(b.timestamp)).slice(-tail);
      }),
    async close() {
      closing.abort();
    },
    async crash(uuid, ordinal, code) {
      const { site, container } = containerOf(uuid, ordinal);
      await parts().policies.end(site, container, code);
    },
    async vanish(uuid, ordinal) {
      const { site, container } = containerOf(uuid, ordinal);
      site.containers = site.containers.filter((one) => one !== container);
      await parts().sites.save(site);
      hint(uuid);
    },
    hold(uuid) {
      let resolve = () => {};
      const promise = new Promise<void>((done) => {
        resolve = done;
      });
      held.set(uuid, promise);
      return () => {
        held.delete(uuid);
        resolve();
      };
    },
    setAvailable(value) {
      available = value;
    },
  };
}
