/** What people meant by a commit: the services that it names, and what they are to be. Never read from what they wrote. */
import type { Wish } from '../../src/service/service.ts';
import { wish } from '../support/services.ts';
import type { Files } from './git-objects.ts';
import type { Exchange } from './network.ts';

export interface Model {
  readonly image: string;
  readonly target: number;
  readonly up: boolean;
  readonly secret: string | undefined;
  readonly replace: boolean;
}
export type Fleet = ReadonlyMap<string, Model | 'broken' | 'cut'>;

/** A tree whose manifests may be looked for in vain. */
export type Shape = 'well' | 'no-directory' | 'no-manifests' | 'link';

export class Truth {
  readonly fleet: Fleet;
  readonly shape: Shape;
  /** Whether it may ever be what is wished. */
  readonly takeable: boolean;

  constructor(fleet: Fleet, shape: Shape, signed: boolean) {
    this.fleet = fleet;
    this.shape = shape;
    this.takeable = signed && shape === 'well' && fleet.size > 0;
  }

  names(name: string | undefined): boolean {
    return this.fleet.has(name ?? '');
  }

  /** No file of it is broken. */
  get sound(): boolean {
    return this.takeable && [...this.fleet.values()].every((one) => typeof one !== 'string');
  }

  wishes(): readonly Wish[] {
    return [...this.fleet].flatMap(([name, model]) =>
      typeof model === 'string' ? [] : [wished(name, model)],
    );
  }

  files(): Files {
    const readme = { 'README.md': 'the fleet' };
    if (this.shape === 'no-directory') return readme;
    if (this.shape === 'no-manifests') return { ...readme, 'fleet/README.md': 'nothing yet' };
    const link = this.shape === 'link' ? { 'fleet/linked.yaml': { link: '../elsewhere.yaml' } } : {};
    const all = [...this.fleet].map(([name, model]) => [`fleet/${name}.yaml`, written(name, model)]);
    return { ...readme, 'fleet/.keep': '', ...link, ...Object.fromEntries(all) };
  }
}

function wished(name: string, { image, target, up, secret, replace }: Model): Wish {
  const variables = secret === undefined ? {} : { container_envvars: [{ key: 'SECRET', value: secret }] };
  return wish(name, {
    want: up ? 'running' : 'stopped',
    spec: { image, target_num_containers: target, ...variables },
    allowReplace: replace,
  });
}

function written(name: string, model: Model | 'broken' | 'cut'): string {
  if (model === 'broken') return `name: ${name}\nimage: nginx:1\ntarget_num_containers: many\n`;
  // Its name is not known either.
  if (model === 'cut') return `name: ${name}\nimage: "ngi`;
  const { image, target, up, secret, replace } = model;
  return [
    `name: ${name}`,
    `image: ${image}`,
    `target_num_containers: ${target}`,
    `state: ${up ? 'Running' : 'Stopped'}`,
    ...(secret === undefined ? [] : ['container_envvars:', `  - { key: SECRET, value: ${secret} }`]),
    ...(replace ? ['reconcile:', '  allow_replace: true'] : []),
    '',
  ].join('\n');
}

/** Whether somebody who goes by this commit, and by nothing else, may send that. */
export function isSaidBy({ fleet, takeable }: Truth, { verb, name = '', body }: Exchange): boolean {
  const model = fleet.get(name);
  if (!takeable || typeof model === 'string') return false;
  if (verb === 'terminate') {
    if (model !== undefined) return model.replace;
    return [...fleet.values()].every((one) => typeof one !== 'string');
  }
  if (model === undefined) return false;
  if (verb === 'start') return model.up;
  if (verb !== 'create' && verb !== 'update') return true;
  const sent = JSON.parse(body ?? '{}') as Record<string, unknown>;
  const { image, target, secret } = model;
  const variables = sent['container_envvars'] as readonly { key: string; value: string }[] | undefined;
  const own = variables?.filter(({ key }) => key !== 'EVENKEEL_OWNER').map(({ value }) => value);
  return (
    (sent['image'] ?? image) === image &&
    (sent['target_num_containers'] ?? target) === target &&
    (own === undefined || secret === undefined || own.join() === secret)
  );
}
