/**
 * What a definition becomes when its operation has ended, well or badly. Dates are set now, at the end, as the platform
 * did; a failure leaves a note, and the state that the containers really show.
 */
import type { Definition, JobVerb } from '../../service/definition.ts';
import type { ContainerView, EngineResult, JobDone } from '../../service/engine.ts';

export function settled(
  definition: Definition,
  containers: readonly ContainerView[],
  result: EngineResult<JobDone>,
  variables: Definition['linkVariables'],
  at: number,
): Definition {
  const { operation } = definition;
  const ended: Definition = {
    ...definition,
    operation: null,
    // Swarm keeps no container that ended: one that would not run was one all the same.
    everDeployed:
      definition.everDeployed ||
      containers.length > 0 ||
      (!result.ok && result.failure.reason === 'container'),
    note: result.ok ? (result.value.note ?? null) : result.failure.message,
    version: definition.version + 1,
  };
  if (!result.ok || operation === null) return ended;
  const learned = { ...ended, image: result.value.image ?? ended.image };
  return { ...learned, ...effects(operation.verb, definition, variables, at) };
}

function effects(
  verb: JobVerb,
  before: Definition,
  variables: Definition['linkVariables'],
  at: number,
): Partial<Definition> {
  switch (verb) {
    case 'start':
      return {
        everDeployed: true,
        startedAt: at,
        deployedAt: before.deployedAt ?? at,
        linkVariables: variables,
      };
    case 'scale':
      return {
        everDeployed: true,
        startedAt: before.startedAt ?? at,
        deployedAt: before.deployedAt ?? at,
        linkVariables: variables,
      };
    case 'redeploy':
      return { everDeployed: true, startedAt: at, deployedAt: at, linkVariables: variables };
    case 'stop':
      return { stoppedAt: at };
    case 'terminate':
      return { destroyedAt: at, stoppedAt: before.stoppedAt ?? (before.everDeployed ? at : null) };
  }
}
