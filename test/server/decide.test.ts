import { describe, expect, it } from 'vitest';
import { decideAction, decideUpdate } from '../../src/server/decide.ts';
import { DEFAULTS } from '../../src/server/input/fields.ts';
import { newDefinition } from '../../src/server/life/records.ts';
import type { DefinedSpec, Definition } from '../../src/service/definition.ts';
import { type Action, allows, STATE_NAMES, STATES, takesUpdate } from '../../src/service/states.ts';

const definition = (spec: Partial<DefinedSpec> = {}, more: Partial<Definition> = {}): Definition => ({
  ...newDefinition({
    uuid: 'u',
    user: 'alice',
    name: 'web',
    uniqueName: 'web',
    spec: { ...DEFAULTS, image: 'nginx:1.27', ...spec },
    image: null,
    redeployToken: null,
    keyedBody: null,
    at: 0,
  }),
  ...more,
});
const all = () => true;
const none = () => false;
const ACTIONS: readonly Action[] = ['start', 'stop', 'redeploy', 'terminate'];

describe('an action', () => {
  for (const state of STATE_NAMES)
    for (const action of ACTIONS)
      for (const [name, offers] of [
        ['all extensions', all],
        ['no extension', none],
      ] as const)
        it(`${action} in ${state} with ${name} is answered by the state table`, () => {
          const verdict = decideAction(action, definition(), state, offers, { reuseVolumes: true });
          expect(verdict.kind).toBe(allows(state, action, offers) ? 'change' : 'wrong-state');
          if (verdict.kind === 'wrong-state') expect(verdict.message).toContain(`'${state}'`);
        });

  it('redeploy with a tag changes the image, and grows revision and deployment', () => {
    const verdict = decideAction('redeploy', definition(), 'Running', none, { tag: '2', reuseVolumes: true });
    expect(verdict).toMatchObject({
      kind: 'change',
      definition: { spec: { image: 'nginx:2' }, revision: 2, deployment: 2 },
    });
  });

  it('redeploy with the tag it has is no new revision', () => {
    const verdict = decideAction('redeploy', definition(), 'Running', none, {
      tag: '1.27',
      reuseVolumes: true,
    });
    expect(verdict).toMatchObject({ definition: { revision: 1, deployment: 2 } });
  });
});

describe('a PATCH', () => {
  for (const state of STATE_NAMES)
    it(`is ${takesUpdate(state) ? 'taken' : 'refused'} in ${state}`, () => {
      const verdict = decideUpdate(definition(), state, { spec: { target_num_containers: 4 } }, all);
      expect(verdict.kind).toBe(takesUpdate(state) ? 'change' : 'wrong-state');
      const row = STATES[state];
      const applied = row.kind === 'resting' && row.update === 'applied';
      if (verdict.kind === 'change') expect(verdict.job).toBe(applied ? 'scale' : undefined);
    });

  const job = (spec: Partial<DefinedSpec>, token?: string) => {
    const given = token === undefined ? { spec } : { spec, redeployToken: token };
    const verdict = decideUpdate(definition({ labels: { a: '1' } }), 'Running', given, all);
    return verdict.kind === 'change' ? (verdict.job ?? 'stored') : verdict.kind;
  };

  it('of the target scales; of what shapes containers redeploys; of both redeploys once', () => {
    expect(job({ target_num_containers: 2 })).toBe('scale');
    expect(job({ image: 'nginx:1.28' })).toBe('redeploy');
    expect(job({ target_num_containers: 2, image: 'nginx:1.28' })).toBe('redeploy');
  });

  it('of labels, policies or the token alone leaves the state as it is', () => {
    expect(job({ labels: { a: '2' } })).toBe('stored');
    expect(job({ autorestart: 'ALWAYS', sequential_deployment: true })).toBe('stored');
    expect(job({}, 'again')).toBe('stored');
  });

  it('of equal values is no change, however they are spelled', () => {
    expect(job({ image: 'docker.io/library/nginx:1.27', labels: { a: '1' }, target_num_containers: 1 })).toBe(
      'unchanged',
    );
    expect(job({})).toBe('unchanged');
  });

  it('compares ports, variables and links as sets', () => {
    const port = (inner_port: number) =>
      ({ protocol: 'tcp', inner_port, outer_port: null, published: true }) as const;
    const before = definition({
      container_ports: [port(80), port(81)],
      container_envvars: [
        { key: 'A', value: '1' },
        { key: 'B', value: '2' },
      ],
    });
    const given = {
      container_ports: [port(81), port(80)],
      container_envvars: [
        { key: 'B', value: '2' },
        { key: 'A', value: '1' },
      ],
    };
    expect(decideUpdate(before, 'Running', { spec: given }, all).kind).toBe('unchanged');
    expect(decideUpdate(before, 'Running', { spec: { container_ports: [port(81)] } }, all).kind).toBe(
      'change',
    );
  });

  it('with the words of the image is no change, and is one while nobody knows the image', () => {
    const image = { run_command: '/run.sh', entrypoint: '', ports: [], envvars: [] };
    const given = { spec: { run_command: '/run.sh' } };
    expect(decideUpdate(definition({}, { image }), 'Running', given, all).kind).toBe('unchanged');
    expect(decideUpdate(definition(), 'Running', given, all).kind).toBe('change');
  });
});
