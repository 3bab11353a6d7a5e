/** Making, starting, stopping and ending one simulated container. Times are the wall clock's; nothing waits here. */
import { chance } from '../../service/chance.ts';
import { isoDate } from '../../service/dates.ts';
import type { DefinedPort, Definition } from '../../service/definition.ts';
import type { SimulatedImage } from '../../service/simulation.ts';
import { defaultsOf, exitOf } from './images.ts';
import type { SimContainer, Site } from './sites.ts';

const MOST_LINES = 50;

export type Images = Readonly<Record<string, SimulatedImage>>;

export function newContainer(
  site: Site,
  definition: Definition,
  ordinal: number,
  images: Images,
): SimContainer {
  site.made += 1;
  const { uuid, spec, revision, deployment } = definition;
  const ports: readonly DefinedPort[] =
    spec.container_ports ??
    defaultsOf(spec.image, images).ports.map((port) => ({ ...port, outer_port: null, published: true }));
  return {
    id: `sim-${uuid}-${site.made}`,
    ordinal,
    revision,
    deployment,
    ports: ports.map(({ protocol, inner_port, outer_port, published }) => ({
      protocol,
      inner_port,
      outer_port: published
        ? (outer_port ?? 49_153 + Math.floor(chance(site.made, uuid, inner_port) * 16_000))
        : null,
    })),
    state: 'stopped',
    exitCode: null,
    endedItself: false,
    reason: null,
    startedAt: 0,
    stoppedAt: null,
    exitsAt: null,
    exitsWith: 0,
    restarts: 0,
    logs: [],
  };
}

export function startContainer(
  container: SimContainer,
  definition: Definition,
  images: Images,
  now: number,
): void {
  const exit = exitOf(definition.spec, images);
  container.state = 'running';
  container.exitCode = null;
  container.endedItself = false;
  container.reason = null;
  container.startedAt = now;
  container.stoppedAt = null;
  container.exitsAt = exit === undefined ? null : now + exit.after_ms;
  container.exitsWith = exit?.code ?? 0;
  say(container, definition, now, `started ${definition.spec.image} (simulated)`);
}

/** Stopped by a job: no policy brings it back. */
export function stopContainer(container: SimContainer, definition: Definition, now: number): void {
  container.exitsAt = null;
  container.endedItself = false;
  if (container.state === 'stopped') return;
  container.state = 'stopped';
  container.exitCode = 0;
  container.stoppedAt = now;
  say(container, definition, now, 'stopped');
}

/** Ended by itself, or killed from outside. */
export function endContainer(
  container: SimContainer,
  definition: Definition,
  code: number,
  now: number,
): void {
  container.state = 'stopped';
  container.exitCode = code;
  container.endedItself = true;
  container.reason = code === 0 ? null : `its process ended with exit code ${code}`;
  container.stoppedAt = now;
  container.exitsAt = null;
  say(container, definition, now, `exited with code ${code}`);
}

function say(container: SimContainer, definition: Definition, now: number, text: string): void {
  container.logs.push({
    container: `${definition.uniqueName}-${container.ordinal}`,
    timestamp: isoDate(now).replace('Z', '000000Z'),
    text,
    stream: 'stdout',
  });
  container.logs = container.logs.slice(-MOST_LINES);
}
