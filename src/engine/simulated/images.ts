/**
 * What simulated images say about their containers: a small table of well-known ones. Every name is an image here;
 * `missing/…` is not one, so that a failing pull can be rehearsed without a fault file.
 */
import type { DefinedSpec, ImageDefaults } from '../../service/definition.ts';
import { normalizeImage } from '../../service/image.ts';
import type { Exit, SimulatedImage } from '../../service/simulation.ts';

const tcp = (...ports: number[]) => ports.map((inner_port) => ({ protocol: 'tcp' as const, inner_port }));

const KNOWN: Readonly<Record<string, SimulatedImage>> = {
  nginx: { run_command: 'nginx -g "daemon off;"', entrypoint: '/docker-entrypoint.sh', ports: tcp(80) },
  httpd: { run_command: 'httpd-foreground', ports: tcp(80) },
  redis: { run_command: 'redis-server', entrypoint: 'docker-entrypoint.sh', ports: tcp(6379) },
  postgres: { run_command: 'postgres', entrypoint: 'docker-entrypoint.sh', ports: tcp(5432) },
  mysql: { run_command: 'mysqld', entrypoint: 'docker-entrypoint.sh', ports: tcp(3306, 33060) },
  memcached: { run_command: 'memcached', entrypoint: 'docker-entrypoint.sh', ports: tcp(11211) },
  rabbitmq: { run_command: 'rabbitmq-server', ports: tcp(4369, 5671, 5672, 25672) },
  'tutum/hello-world': { run_command: '/run.sh', ports: tcp(80) },
  'dockercloud/hello-world': { run_command: '/run.sh', ports: tcp(80) },
  'hello-world': { run_command: '/hello', exits: { after_ms: 200, code: 0 } },
};

const PATH = { key: 'PATH', value: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin' };

function find(image: string, more: Readonly<Record<string, SimulatedImage>>): SimulatedImage {
  const full = normalizeImage(image);
  const name = full.replace(/[:@][^/]*$/, '');
  const table = new Map([...Object.entries(KNOWN), ...Object.entries(more)]);
  return table.get(full) ?? table.get(name) ?? {};
}

export function isMissing(image: string): boolean {
  return normalizeImage(image).startsWith('missing/');
}

export function defaultsOf(image: string, more: Readonly<Record<string, SimulatedImage>>): ImageDefaults {
  const { run_command = '', entrypoint = '', ports = [], envvars = [PATH] } = find(image, more);
  return { run_command, entrypoint, ports, envvars };
}

const COMMAND = /^(?:sleep (\d+(?:\.\d+)?)\s*(?:;|&&)?\s*)?(?:(true|false)|exit(?: (\d{1,3}))?)?$/;

/**
 * When and how a container ends by itself: as its command says (`exit 3`, `sleep 2; exit 1`, `true`, `false`, also
 * inside `sh -c "…"`), else as its image does. undefined = never.
 */
export function exitOf(spec: DefinedSpec, more: Readonly<Record<string, SimulatedImage>>): Exit | undefined {
  const command = (spec.run_command ?? '')
    .trim()
    .replace(/^(?:\/bin\/)?(?:ba)?sh -c (["'])(.*)\1$/, '$2')
    .trim();
  if (command === '') return find(spec.image, more).exits;
  const match = COMMAND.exec(command);
  if (match === null) return undefined;
  const [, seconds, word, code] = match;
  return {
    after_ms: seconds === undefined ? 200 : Math.round(Number(seconds) * 1_000),
    code: word === 'false' ? 1 : Number(code ?? 0) % 256,
  };
}
