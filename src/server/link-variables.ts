/**
 * The environment variables a link gives (`DB_1_PORT_3306_TCP_ADDR` …). Values are DNS names and never addresses: the
 * link's name is an alias inside the containers, and it stays right when the target's containers are replaced.
 *
 * No variable of the target's own environment goes along: they are that service's secrets.
 */
import type { DefinedLink, DefinedPort, Definition } from '../service/definition.ts';

/** The ports its containers listen on: as declared, else what the image exposes. */
export function portsOf(definition: Definition): readonly DefinedPort[] {
  if (definition.spec.container_ports !== null) return definition.spec.container_ports;
  return (definition.image?.ports ?? []).map((port) => ({ ...port, outer_port: null, published: true }));
}

const MOST_NUMBERED = 20;

/** `targets` by uuid; a link to a service that is gone gives nothing. */
export function linkVariables(
  links: readonly DefinedLink[],
  targets: ReadonlyMap<string, Definition>,
): Readonly<Record<string, string>> {
  const variables: [string, string][] = [];
  for (const link of links) {
    const target = targets.get(link.uuid);
    if (target === undefined) continue;
    const prefix = link.name.toUpperCase().replace(/[^A-Z0-9]/g, '_');
    const count = Math.min(Math.max(1, target.spec.target_num_containers), MOST_NUMBERED);
    const prefixes = [prefix, ...Array.from({ length: count }, (_, index) => `${prefix}_${index + 1}`)];
    const ports = portsOf(target).toSorted(
      (a, b) => a.inner_port - b.inner_port || a.protocol.localeCompare(b.protocol),
    );
    for (const each of prefixes) variables.push(...portVariables(each, link.name, ports));
  }
  return Object.fromEntries(variables);
}

function portVariables(prefix: string, host: string, ports: readonly DefinedPort[]): [string, string][] {
  const url = (port: DefinedPort) => `${port.protocol}://${host}:${port.inner_port}`;
  const first = ports[0];
  return [
    ...(first === undefined ? [] : [[`${prefix}_PORT`, url(first)] as [string, string]]),
    ...ports.flatMap((port): [string, string][] => {
      const name = `${prefix}_PORT_${port.inner_port}_${port.protocol.toUpperCase()}`;
      return [
        [name, url(port)],
        [`${name}_ADDR`, host],
        [`${name}_PORT`, String(port.inner_port)],
        [`${name}_PROTO`, port.protocol],
      ];
    }),
  ];
}
