/** Services as they travel: written from the reference's attributes, not from src. */
import type { Service } from './truth.ts';

const WALL = Date.UTC(2026, 0, 1);

/** `row`: what the platform's list shows, without environment, links and roles. */
export function render(service: Service, shown: 'all' | 'reference' | 'row'): Record<string, unknown> {
  const { uuid, name, state, spec, token, deployedAt, destroyedAt } = service;
  const {
    image,
    container_envvars,
    linked_to_service,
    roles,
    labels,
    bindings,
    memory,
    cpu_shares,
    ...rest
  } = spec;
  const target = spec.target_num_containers;
  const running = state === 'Running' ? target : state === 'Partly running' ? Math.max(0, target - 1) : 0;
  const row = {
    uuid,
    resource_uri: `/api/v1/service/${uuid}/`,
    name,
    unique_name: name,
    state,
    image_name: image.includes(':') ? image : `${image}:latest`,
    image_tag: `/api/v1/image/${image}/`,
    ...rest,
    current_num_containers:
      state === 'Init' || state === 'Not running' || state === 'Terminated' ? 0 : target,
    running_num_containers: running,
    stopped_num_containers: state === 'Stopped' ? target : 0,
    deployed_datetime: date(deployedAt),
    started_datetime: date(deployedAt),
    stopped_datetime: null,
    destroyed_datetime: date(destroyedAt),
  };
  if (shown === 'row') return row;
  const detail = { ...row, container_envvars, linked_to_service, roles };
  if (shown === 'reference') return detail;
  return { ...detail, labels, bindings, memory, cpu_shares, redeploy_token: token };
}

function date(at: number | null): string | null {
  return at === null ? null : new Date(WALL + at).toUTCString().replace('GMT', '+0000');
}

export function page(rows: readonly object[], limit: number, offset: number): object {
  const end = offset + limit;
  const at = (start: number) => `/api/v1/service/?limit=${limit}&offset=${start}`;
  return {
    meta: {
      limit,
      next: end < rows.length ? at(end) : null,
      offset,
      previous: offset === 0 ? null : at(Math.max(0, offset - limit)),
      total_count: rows.length,
    },
    objects: rows.slice(offset, end),
  };
}
