/**
 * What of a definition this swarm cannot carry out.
 */
import type { Definition } from '../../service/definition.ts';
import type { Problem } from '../../service/engine.ts';
import { commandProblems, imageProblems, limitProblem, pathProblems, portsTwice } from '../docker/check.ts';
import { fixedPorts } from '../docker/ports.ts';

const LEAST_MEMORY = 6;

/** `hosts`: nodes that take containers. */
export function check(
  { spec }: Pick<Definition, 'spec'>,
  publish: 'host' | 'ingress',
  hosts: number,
): readonly Problem[] {
  const fixed =
    publish === 'host' && spec.target_num_containers > hosts ? fixedPorts(spec.container_ports) : [];
  return [
    ...imageProblems(spec.image),
    ...commandProblems('run_command', spec.run_command),
    ...commandProblems('entrypoint', spec.entrypoint),
    ...portsTwice(spec),
    ...fixed.map((port) => ({
      field: 'container_ports',
      message:
        `outer_port ${port.outer_port}/${port.protocol} is fixed and published on the containers' own nodes; there are ` +
        `${hosts} nodes for ${spec.target_num_containers} containers: leave outer_port out, or lower target_num_containers`,
    })),
    ...pathProblems(spec.bindings),
    ...limitProblem('memory', spec.memory, LEAST_MEMORY, 'MB'),
    ...(spec.cpu_shares > 0
      ? [{ field: 'cpu_shares', message: 'a swarm knows no CPU shares; leave it out (0)' }]
      : []),
  ];
}
