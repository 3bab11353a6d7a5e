/** A made-up fleet of `count` services: its manifests as YAML, and the list that a server which is in step with them answers. */
import { EXTENSIONS } from '../src/service/extensions.ts';

export interface BenchFleet {
  /** One document a file. */
  readonly manifests: readonly string[];
  /** Pages of the list as JSON text, 100 services each. */
  readonly pages: readonly string[];
}

const IMAGES = ['nginx:1.27', 'redis:7', 'postgres:16', 'example/api:2.4.1', 'example/worker:2.4.1'];

export function benchFleet(count: number, drifted = 0): BenchFleet {
  const manifests = Array.from({ length: count }, (_, index) => manifest(index));
  const rows = Array.from({ length: count }, (_, index) => row(index, index < drifted));
  const pages: string[] = [];
  for (let offset = 0; offset < count; offset += 100) {
    const next = offset + 100 < count ? `/api/v1/service/?limit=100&offset=${offset + 100}` : null;
    const meta = { limit: 100, next, offset, previous: null, total_count: count };
    pages.push(JSON.stringify({ meta, objects: rows.slice(offset, offset + 100) }));
  }
  return { manifests, pages };
}

export const EXTENSIONS_VALUE = EXTENSIONS.join(', ');

function manifest(index: number): string {
  return `name: svc-${index}
image: ${IMAGES[index % IMAGES.length]}
target_num_containers: ${1 + (index % 4)}
run_command: /run.sh --port 80
container_ports:
  - { protocol: tcp, inner_port: 80 }
container_envvars:
  - { key: LOG_LEVEL, value: info }
  - { key: INDEX, value: "${index}" }
autorestart: ON_FAILURE
sequential_deployment: ${index % 2 === 0}
`;
}

function row(index: number, drifted: boolean): object {
  const uuid = `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
  return {
    uuid,
    resource_uri: `/api/v1/service/${uuid}/`,
    name: `svc-${index}`,
    unique_name: `svc-${index}`,
    state: 'Running',
    image_name: IMAGES[index % IMAGES.length],
    image_tag: '/api/v1/image/example/tag/latest/',
    target_num_containers: (1 + (index % 4)) * (drifted ? 2 : 1),
    current_num_containers: 1 + (index % 4),
    running_num_containers: 1 + (index % 4),
    stopped_num_containers: 0,
    run_command: '/run.sh --port 80',
    entrypoint: '',
    container_ports: [{ protocol: 'tcp', inner_port: 80, outer_port: null }],
    container_envvars: [
      { key: 'LOG_LEVEL', value: 'info' },
      { key: 'INDEX', value: String(index) },
    ],
    linked_to_service: [],
    linked_from_service: [],
    autorestart: 'ON_FAILURE',
    autoreplace: 'OFF',
    autodestroy: 'OFF',
    sequential_deployment: index % 2 === 0,
    roles: [],
    labels: { EVENKEEL_OWNER: `default/svc-${index}/a${index}` },
    redeploy_token: null,
    deployed_datetime: 'Tue, 30 Sep 2014 16:07:36 +0000',
    started_datetime: 'Tue, 30 Sep 2014 16:07:36 +0000',
    stopped_datetime: null,
    destroyed_datetime: null,
  };
}
