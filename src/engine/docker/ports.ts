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

export interface ListedPort {
  readonly PrivatePort: number;
  readonly PublicPort?: number;
  readonly Type: string;
}

/** As the engine lists them, each once (an IPv6 twin is the same port), sorted. */
export function viewPorts(listed: readonly ListedPort[]): ContainerView['ports'] {
  const seen = new Map<string, ContainerView['ports'][number]>();
  for (const { PrivatePort, PublicPort, Type } of listed) {
    if (Type !== 'tcp' && Type !== 'udp') continue;
    const port = { protocol: Type, inner_port: PrivatePort, outer_port: PublicPort ?? null } as const;
    seen.set(`${Type} ${PrivatePort} ${PublicPort ?? ''}`, port);
  }
  return [...seen.values()].sort(
    (a, b) =>
      a.inner_port - b.inner_port ||
      a.protocol.localeCompare(b.protocol) ||
      (a.outer_port ?? 0) - (b.outer_port ?? 0),
  );
}
