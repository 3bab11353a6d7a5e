/**
 * Which ports of a container are published, and where. Nothing is published that the definition (or, where it says
 * nothing, the image) does not name, and only on the address the operator chose.
 */

import type { DefinedPort, DefinedSpec, ImageDefaults } from '../../service/definition.ts';
import type { ContainerView } from '../../service/engine.ts';

/** As declared; else everything the image exposes, on ports the engine picks. */
export function wantedPorts(
  declared: DefinedSpec['container_ports'],
  image: Pick<ImageDefaults, 'ports'>,
): readonly DefinedPort[] {
  return declared ?? image.ports.map((port) => ({ ...port, outer_port: null, published: true }));
}

/** Ports of the host that one container takes for itself. */
export function fixedPorts(declared: DefinedSpec['container_ports']): readonly DefinedPort[] {
  return (declared ?? []).filter((port) => port.published && port.outer_port !== null);
}

export interface PortBindings {
  readonly ExposedPorts: Record<string, object>;
  readonly PortBindings: Record<string, { HostIp: string; HostPort: string }[]>;
}

export function portBindings(ports: readonly DefinedPort[], address: string): PortBindings {
  const exposed: PortBindings['ExposedPorts'] = {};
  const bindings: PortBindings['PortBindings'] = {};
  for (const port of ports) {
    const key = `${port.inner_port}/${port.protocol}`;
    exposed[key] = {};
    if (!port.published) continue;
    bindings[key] = [
      ...(bindings[key] ?? []),
      { HostIp: address, HostPort: port.outer_port === null ? '' : String(port.outer_port) },
    ];
  }
  return { ExposedPorts: exposed, PortBindings: bindings };
}

const KEY = /^(\d+)\/(tcp|udp)$/;

/** As an inspection shows them, each once (an IPv6 twin is the same port), sorted. Null = exposed, not published. */
export function viewPorts(
  shown: Readonly<Record<string, readonly { readonly HostPort: string }[] | null>> | null,
): ContainerView['ports'] {
  const ports = Object.entries(shown ?? {}).flatMap(([key, bindings]) => {
    const [, inner, protocol] = KEY.exec(key) ?? [];
    if (protocol !== 'tcp' && protocol !== 'udp') return [];
    const outer = new Set((bindings ?? []).map(({ HostPort }) => Number(HostPort)));
    const all = outer.size === 0 ? [null] : [...outer].sort((a, b) => a - b);
    return all.map((outer_port) => ({ protocol, inner_port: Number(inner), outer_port }) as const);
  });
  return ports.sort((a, b) => a.inner_port - b.inner_port || a.protocol.localeCompare(b.protocol));
}
