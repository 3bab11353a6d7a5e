/**
 * One container of a service as an object of the API, for those who ask which there are and which ports they got. They
 * are the service's: nothing can be done to one alone.
 */
import { apiDate } from '../service/dates.ts';
import type { Definition } from '../service/definition.ts';
import type { ContainerView } from '../service/engine.ts';
import { serviceUri } from '../service/uri.ts';
import { imageName, imageTag } from './image-name.ts';
import { uuidFrom } from './object.ts';

export const CONTAINER_PATH = '/api/v1/container/';

export function containerUuid(id: string): string {
  return uuidFrom('container', id);
}

const date = (ms: number | null) => (ms === null ? null : apiDate(ms));

export function containerState(view: ContainerView): 'Running' | 'Starting' | 'Stopped' {
  if (view.state === 'unready') return 'Starting';
  return view.state === 'running' ? 'Running' : 'Stopped';
}

export function containerObject(definition: Definition, view: ContainerView) {
  const { spec, image } = definition;
  const uuid = containerUuid(view.id);
  return {
    uuid,
    resource_uri: `${CONTAINER_PATH}${uuid}/`,
    name: view.name,
    unique_name: view.name,
    service: serviceUri(definition.uuid),
    state: containerState(view),
    exit_code: view.exitCode,
    exit_code_msg: view.reason,
    image_name: imageName(spec.image),
    image_tag: imageTag(spec.image),
    run_command: spec.run_command ?? image?.run_command ?? '',
    entrypoint: spec.entrypoint ?? image?.entrypoint ?? '',
    container_ports: view.ports.map((port) => ({
      ...port,
      published: port.outer_port !== null,
      endpoint_uri: null,
    })),
    autorestart: spec.autorestart,
    autoreplace: spec.autoreplace,
    autodestroy: spec.autodestroy,
    synchronized: view.revision === definition.revision,
    deployed_datetime: date(definition.deployedAt),
    started_datetime: date(view.startedAt),
    stopped_datetime: date(view.stoppedAt),
    destroyed_datetime: null,
    public_dns: null,
    node: null,
  };
}
