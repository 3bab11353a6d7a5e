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
    ...imageProblems(spec.image),
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

const NAME = /^[a-z0-9]+(?:(?:\.|_{1,2}|-+)[a-z0-9]+)*$/;
const HOST = /^(?:[a-zA-Z0-9-]+(?:\.[a-zA-Z0-9-]+)*)(?::\d{1,5})?$/;
const TAG = /^\w[\w.-]{0,127}$/;
const DIGEST = /^sha256:[0-9a-f]{64}$/;

/** The grammar of image names, so that a wrong one is told at once and not by the first start. */
export function imageProblems(image: string): readonly Problem[] {
  const [nameAndTag = '', digest, ...more] = image.split('@');
  const slash = nameAndTag.lastIndexOf('/');
  const colon = nameAndTag.indexOf(':', slash + 1);
  const name = colon === -1 ? nameAndTag : nameAndTag.slice(0, colon);
  const parts = name.split('/');
  const [first = ''] = parts;
  const hasHost = parts.length > 1 && (/[.:]/.test(first) || first === 'localhost');
  const right =
    more.length === 0 &&
    (digest === undefined || DIGEST.test(digest)) &&
    (colon === -1 || TAG.test(nameAndTag.slice(colon + 1))) &&
    (!hasHost || HOST.test(first)) &&
    (hasHost ? parts.slice(1) : parts).every((part) => NAME.test(part));
  if (right) return [];
  return [
    { field: 'image', message: 'is no image name: expected [registry/]name[:tag], the name in lower case' },
  ];
}

export function portsTwice(spec: Pick<Definition['spec'], 'container_ports'>): readonly Problem[] {
  const fixed = fixedPorts(spec.container_ports).map((port) => `${port.outer_port}/${port.protocol}`);
  const twice = fixed.filter((port, index) => fixed.indexOf(port) !== index);
  return [...new Set(twice)].map((port) => ({
    field: 'container_ports',
    message: `outer_port ${port} is given twice`,
  }));
}

/** A port of the host belongs to one container at a time. */
function portProblems({ spec }: Pick<Definition, 'spec'>): readonly Problem[] {
  if (spec.target_num_containers <= 1) return portsTwice(spec);
  const fixed = fixedPorts(spec.container_ports).map((port) => `${port.outer_port}/${port.protocol}`);
  return [
    ...portsTwice(spec),
    ...[...new Set(fixed)].map((port) => ({
      field: 'container_ports',
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
