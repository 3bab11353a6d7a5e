/**
 * What the engine was last told of each service. Only hints for what it does by itself: whose policies apply to a
 * container that ended, and which named volumes are still wanted. Nothing in here says what containers there are.
 */
import type { Definition, JobVerb } from '../../service/definition.ts';

export interface Charge {
  readonly definition: Definition;
  /** A job stopped it, so nothing restarts, replaces or removes what is stopped. */
  readonly stopped: boolean;
  /** A job that an earlier server left is to be given again; until then the containers are nobody's to touch. */
  readonly interrupted: boolean;
}

export interface Known {
  get(uuid: string): Charge | undefined;
  uuids(): readonly string[];
  /** At the engine's start: what the store says. */
  adopt(definition: Definition): void;
  /** Seen in passing; older ones than known are passed over. */
  seen(definition: Definition): void;
  jobBegins(verb: JobVerb, definition: Definition): void;
  /** `gone`: the service was terminated. */
  jobEnded(uuid: string, gone: boolean): void;
  /** Whether another service of the user binds a named volume. */
  claims(user: string, except: string, volume: string): boolean;
}

/** Whether stopping it was the last thing that was done to it. */
function wasStopped({ stoppedAt, startedAt, deployedAt }: Definition): boolean {
  return stoppedAt !== null && stoppedAt >= Math.max(startedAt ?? 0, deployedAt ?? 0);
}

export function known(): Known {
  const charges = new Map<string, Charge>();
  const update = (definition: Definition, change: Partial<Charge>) => {
    const before = charges.get(definition.uuid) ?? { stopped: false, interrupted: false };
    charges.set(definition.uuid, { ...before, definition, ...change });
  };
  return {
    get: (uuid) => charges.get(uuid),
    uuids: () => [...charges.keys()],
    adopt(definition) {
      if (definition.destroyedAt !== null) return;
      update(definition, { stopped: wasStopped(definition), interrupted: definition.operation !== null });
    },
    seen(definition) {
      const before = charges.get(definition.uuid);
      if (definition.destroyedAt !== null) charges.delete(definition.uuid);
      else if (before === undefined || before.definition.version < definition.version) update(definition, {});
    },
    jobBegins(verb, definition) {
      const stopped = verb === 'stop' ? { stopped: true } : verb === 'scale' ? {} : { stopped: false };
      update(definition, stopped);
    },
    jobEnded(uuid, gone) {
      const charge = charges.get(uuid);
      if (gone) charges.delete(uuid);
      else if (charge !== undefined) charges.set(uuid, { ...charge, interrupted: false });
    },
    claims(user, except, volume) {
      return [...charges.values()].some(
        ({ definition }) =>
          definition.user === user &&
          definition.uuid !== except &&
          definition.spec.bindings.some((binding) => binding.volume === volume),
      );
    },
  };
}
