/**
 * What of a definition one Docker host cannot carry out, found before it is stored.
 */
import type { Definition } from '../../service/definition.ts';
import type { Problem } from '../../service/engine.ts';
import { splitWords, Unfinished } from './command.ts';
import { fixedPorts } from './ports.ts';

/** The engine refuses less memory, and fewer shares, than these. */
const LEAST_MEMORY = 6;
const LEAST_SHARES = 2;

export function check(definition: Pick<Definition, 'spec'>): readonly Problem[] {
  const { spec } = definition;
  return [
    ...commandProblems('run_command', spec.run_command),
    ...commandProblems('entrypoint', spec.entrypoint),
    ...portProblems(definition),
    ...pathProblems(spec.bindings),
    ...limitProblem('memory', spec.memory, LEAST_MEMORY, 'MB'),
    ...limitProblem('cpu_shares', spec.cpu_shares, LEAST_SHARES, 'shares'),
  ];
}

export function commandProblems(field: string, text: string | null): readonly Problem[] {
  try {
    splitWords(text ?? '');
    return [];
  } catch (error) {
    if (!(error instanceof Unfinished)) throw error;
    return [{ field, message: `is no command that a shell could read: ${error.message}` }];
  }
}

export function pathProblems(bindings: Definition['spec']['bindings']): readonly Problem[] {
  const root = bindings.some(({ container_path }) => /^[/.]*$/.test(container_path));
  return root ? [{ field: 'bindings', message: "container_path '/' cannot be a volume" }] : [];
}

/** A port of the host belongs to one container at a time. */
function portProblems({ spec }: Pick<Definition, 'spec'>): readonly Problem[] {
  const fixed = fixedPorts(spec.container_ports).map((port) => `${port.outer_port}/${port.protocol}`);
  const twice = fixed.filter((port, index) => fixed.indexOf(port) !== index);
  const field = 'container_ports';
  const shared = spec.target_num_containers > 1 ? fixed : [];
  return [
    ...[...new Set(twice)].map((port) => ({ field, message: `outer_port ${port} is given twice` })),
    ...[...new Set(shared)].map((port) => ({
      field,
      message:
        `outer_port ${port} is fixed, and of ${spec.target_num_containers} containers on one host only one can have it: ` +
        'leave outer_port out (a free one is picked), or set target_num_containers to 1',
    })),
  ];
}

export function limitProblem(field: string, value: number, least: number, unit: string): readonly Problem[] {
  if (value === 0 || value >= least) return [];
  return [
    { field, message: `the Docker engine takes ${least} ${unit} or more (0 = no limit), got ${value}` },
  ];
}
